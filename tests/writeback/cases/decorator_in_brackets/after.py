import os


# kept
def f(x):
    """Doc."""
    return x + 1
