import os

from pytest_supercharger import supercharge


A = 1
@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
B = 2
