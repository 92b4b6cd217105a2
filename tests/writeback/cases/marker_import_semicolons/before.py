import os; from pytest_supercharger import supercharge; import sys


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
