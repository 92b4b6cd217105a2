import os


def f(x):
    "Doc."
    return x + 1
Y = 1
