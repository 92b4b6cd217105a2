from abc import ABC
from collections import deque
import os
import re
from typing import Any


def f(x):
    """Doc."""
    return x + 1
