import os


def f(x):
    """Doc."""
    # when there is time
    return x + 1


Y = 1
