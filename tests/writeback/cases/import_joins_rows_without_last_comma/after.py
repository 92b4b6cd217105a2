from typing import (
    Any,
    Mapping,  # read only
    Sequence,
    TypeVar
)


def f(x):
    """Doc."""
    return x + 1
