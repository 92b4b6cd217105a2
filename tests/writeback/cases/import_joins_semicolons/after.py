import os; from math import ceil, floor; import sys


def f(x):
    """Doc."""
    return x + 1
