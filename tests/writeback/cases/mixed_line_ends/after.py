import os


A = 1
def f(x):
    """Doc."""
    return x + 1
B = 2
