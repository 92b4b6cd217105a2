from math import ceil, floor, sqrt


def f(x):
    """Doc."""
    return x + 1
