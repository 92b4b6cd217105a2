import os

from . import y


def f(x):
    """Doc."""
    return x + 1
