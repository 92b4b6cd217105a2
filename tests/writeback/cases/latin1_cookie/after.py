# -*- coding: latin-1 -*-

NAME = "é"

def f(x):
    """Doc."""
    return "ü" + x
