from typing import (
    Any,
    Mapping,
    Sequence,
    TypeVar,)


def f(x):
    """Doc."""
    return x + 1
