import os

from pytest_supercharger import supercharge


# first

# second
# third
@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
