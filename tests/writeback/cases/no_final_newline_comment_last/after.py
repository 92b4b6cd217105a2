import os


def f(x):
    """Doc."""
    # at the end
    return x + 1