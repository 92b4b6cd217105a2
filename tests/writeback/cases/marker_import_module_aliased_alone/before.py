import pytest_supercharger as j


@j.supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
