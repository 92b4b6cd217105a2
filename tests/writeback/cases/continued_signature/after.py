import os


def f \
    (x) \
    -> int:
    """Doc."""
    return x + 1
