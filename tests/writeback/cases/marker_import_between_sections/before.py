import os

from pytest_supercharger import supercharge

from . import y


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
