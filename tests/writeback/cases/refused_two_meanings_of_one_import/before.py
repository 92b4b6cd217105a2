from pytest_supercharger import supercharge


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError


@supercharge
def g(x):
    """Doc."""
    raise NotImplementedError
