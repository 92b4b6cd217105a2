from math import (
    ceil,
    floor,
)


def f(x):
    """Doc."""
    return x + 1
