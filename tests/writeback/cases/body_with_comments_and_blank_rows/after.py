import os


def f(x):
    """Doc."""
    # first

    y = x


    # then
    if y:
        # inside
        return y
    # last
    return 0
