import os
from collections.abc import (
    Iterable,
    Iterator,
    Mapping,
    MutableMapping,
    Sequence,
)


def f(x):
    """Doc."""
    return x + 1
