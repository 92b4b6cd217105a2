import os

import numpy
import pandas

import acme.cart
import shop


def f(x):
    """Doc."""
    return x + 1
