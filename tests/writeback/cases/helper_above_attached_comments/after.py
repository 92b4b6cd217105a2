import os


# first


def h(x):
    return x


# second
# third
def f(x):
    """Doc."""
    return h(x)
