from typing import Any, Iterable, Iterator, Mapping, NamedTuple, Optional, Sequence, Set

from pytest_supercharger import supercharge


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
