import os
import re
__all__ = ["f"]
from math import ceil, floor


def f(x):
    """Doc."""
    return x + 1
