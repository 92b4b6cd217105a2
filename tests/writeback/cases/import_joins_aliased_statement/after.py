from math import ceil as c, floor as fl, sqrt


def f(x):
    """Doc."""
    return x + 1
