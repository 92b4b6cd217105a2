import os; import sys


def f(x):
    """Doc."""
    return x + 1
