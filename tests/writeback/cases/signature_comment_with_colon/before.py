import os

from pytest_supercharger import supercharge


@supercharge
def f(x):  # takes: a number:
    """Doc."""
    ...
