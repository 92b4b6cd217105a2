import os

from pytest_supercharger import supercharge
X = 1
@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
