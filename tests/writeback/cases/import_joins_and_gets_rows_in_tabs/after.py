from collections.abc import (
    Iterable,
    Iterator,
    Mapping,
    MutableMapping,
    Sequence,
)


def g():
	return 1


def f(x):
    """Doc."""
    return x + 1
