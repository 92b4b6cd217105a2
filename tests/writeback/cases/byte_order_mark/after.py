import re


def f(x):
    """Doc."""
    return "é"
