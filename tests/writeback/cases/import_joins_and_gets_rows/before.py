from collections.abc import Iterable, Mapping, MutableMapping, Sequence  # types

from pytest_supercharger import supercharge


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
