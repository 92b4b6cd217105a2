import os
import re

import numpy as np

from .a import b


def f(x):
    """Doc."""
    return x + 1
