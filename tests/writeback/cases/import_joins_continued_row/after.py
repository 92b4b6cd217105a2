from os.path import basename, join, \
    split


def f(x):
    """Doc."""
    return x + 1
