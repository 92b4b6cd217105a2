import os


def f(x):
    """Doc.

  More.
"""
    # spec
    return x + 1
Y = 1
