import os  # c


def f(x):
    """Doc."""
    return x + 1
