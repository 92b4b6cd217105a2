import os

from pytest_supercharger import supercharge


@supercharge  # must be stable
def f(x):
    """Doc."""
    raise NotImplementedError
