# License
# text
import abc
import re


def f(x):
    """Doc."""
    return x + 1
