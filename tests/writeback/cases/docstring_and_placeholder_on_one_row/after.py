import os


def f(x):
    """Doc."""  # comment
    return x + 1
