from collections.abc import Iterable, Mapping, MutableMapping, Sequence

from pytest_supercharger import supercharge


def g():
	return 1


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
