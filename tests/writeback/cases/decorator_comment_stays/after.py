import os


# must be stable
def f(x):
    """Doc."""
    return x + 1
