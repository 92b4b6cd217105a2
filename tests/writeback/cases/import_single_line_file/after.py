from math import ceil
from math import floor
from math import sqrt
from math import trunc


def f(x):
    """Doc."""
    return x + 1
