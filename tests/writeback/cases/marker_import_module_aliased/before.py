import os, pytest_supercharger as ps, sys


@ps.supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
