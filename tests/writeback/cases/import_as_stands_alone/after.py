from math import ceil
from math import floor as down


def f(x):
    """Doc."""
    return x + 1
