from math import ceil
import os
import re
from typing import Any
from typing import List


def f(x):
    """Doc."""
    return x + 1
