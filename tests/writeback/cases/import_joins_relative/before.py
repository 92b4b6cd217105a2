import os

from pytest_supercharger import supercharge

from . import b
from .a import c


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
