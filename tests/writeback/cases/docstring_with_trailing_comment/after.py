import os


def f(x):
    """Doc."""  # noqa: D400
    return x + 1
