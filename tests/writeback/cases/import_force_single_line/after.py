from math import ceil
from math import floor
from math import trunc

import numpy
from numpy import array


def f(x):
    """Doc."""
    return x + 1
