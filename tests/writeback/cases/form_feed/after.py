import os



LIMIT = 3


def f(x):
    """Doc."""
    return x + 1

def g():
    pass

