import os

import numpy

import shop
from acme.cart import total


def f(x):
    """Doc."""
    return x + 1
