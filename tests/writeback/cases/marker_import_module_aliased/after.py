import os, sys


def f(x):
    """Doc."""
    return x + 1
