from os.path import join, basename, exists, dirname


def f(x):
    """Doc."""
    return x + 1
