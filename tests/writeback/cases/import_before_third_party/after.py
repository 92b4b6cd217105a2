import math
import re

import numpy


def f(x):
    """Doc."""
    return x + 1
