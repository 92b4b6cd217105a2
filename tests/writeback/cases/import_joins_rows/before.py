from typing import (
    Any,
    # for callers
    Mapping,  # read only
)

from pytest_supercharger import supercharge


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
