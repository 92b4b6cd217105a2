import os


def f(x):  # round half up
    "Doc."
    return x + 1
