import os
import typing_extensions

import attr


def f(x):
    """Doc."""
    return x + 1
