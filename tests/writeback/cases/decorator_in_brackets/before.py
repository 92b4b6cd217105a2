import os

from pytest_supercharger import supercharge


@ (
    supercharge
)  # kept
def f(x):
    """Doc."""
    raise NotImplementedError
