from collections.abc import (
    Iterable,
    Iterator,
    Mapping,
    MutableMapping,
    Sequence,
)  # types


def f(x):
    """Doc."""
    return x + 1
