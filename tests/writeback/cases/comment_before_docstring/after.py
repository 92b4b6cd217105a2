import os


def f(x):
    # note
    """Doc."""
    return x + 1
