import os

X = 1


def h(x):
    return x


def f(x):
    """Doc."""
    return h(x)
