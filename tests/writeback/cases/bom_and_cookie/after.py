# coding: utf-8


def f(x):
    """Doc."""
    return "中"
# é
