from math import ceil, floor as down


def f(x):
    """Doc."""
    return x + 1
