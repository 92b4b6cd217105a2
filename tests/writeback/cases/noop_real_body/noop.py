from pytest_supercharger import supercharge


@supercharge
def f(x):
    """Doc."""
    return x


@supercharge
def g(x):
    """Doc."""
    ...
    x += 1
