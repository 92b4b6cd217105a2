import os

from . import a, b
from .. import z
from .a import c, d


def f(x):
    """Doc."""
    return x + 1
