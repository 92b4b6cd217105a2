import os


def f(x):
    """Doc.

    More.
    """
    return x + 1


def g():
    pass
