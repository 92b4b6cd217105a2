import os
from math import floor
from math import pi as PI
from typing import Any, Sequence


def f(x):
    """Doc."""
    return x + 1
