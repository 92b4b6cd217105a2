import attr
import numpy

import os
import sys


def f(x):
    """Doc."""
    return x + 1
