import os


def f(x):  # takes: a number:
    """Doc."""
    return x + 1
