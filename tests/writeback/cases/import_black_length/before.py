from typing import Any, Iterable, Iterator, Mapping, Optional, Sequence, Set

from pytest_supercharger import supercharge


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
