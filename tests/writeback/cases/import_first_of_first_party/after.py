import os

import numpy

import acme

from . import b


def f(x):
    """Doc."""
    return x + 1
