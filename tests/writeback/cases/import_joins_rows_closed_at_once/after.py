from typing import (
    Any,
    Mapping,
    Sequence)


def f(x):
    """Doc."""
    return x + 1
