from os.path import join, basename, exists

from pytest_supercharger import supercharge


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
