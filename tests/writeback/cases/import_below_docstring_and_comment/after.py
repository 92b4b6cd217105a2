"""Module."""
# note
import re


def f(x):
    """Doc."""
    return x + 1
