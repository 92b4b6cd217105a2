import os


def f(x):
    """Doc."""
    yield x
