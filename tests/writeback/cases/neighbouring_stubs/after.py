import os


def f(x):
    """Doc."""
    return 1
def g(x):
    """Doc."""
    return 2
Y = 1
