from math import *
from math import floor


def f(x):
    """Doc."""
    return x + 1
