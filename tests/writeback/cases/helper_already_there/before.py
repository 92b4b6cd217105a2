import os

from pytest_supercharger import supercharge


def h(x):
    return x


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
