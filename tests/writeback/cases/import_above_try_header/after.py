try:
    import re2 as re
except ImportError:
    import re

import math


def f(x):
    """Doc."""
    return math.floor(x)
