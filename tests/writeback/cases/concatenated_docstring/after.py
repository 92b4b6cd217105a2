import os


def f(x):
    (
        "Doc "
        "more."
    )
    return x + 1
