# coding: utf-8


H = 1


def f(x):
    """Doc."""
    return h(x)
