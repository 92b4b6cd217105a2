from pytest_supercharger.marker import supercharge


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
