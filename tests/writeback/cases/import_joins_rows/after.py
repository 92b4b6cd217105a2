from typing import (
    AbstractSet,
    Any,
    Iterable,
    # for callers
    Mapping,  # read only
    Sequence,
)


def f(x):
    """Doc."""
    return x + 1
