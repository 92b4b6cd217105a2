from pytest_supercharger import supercharge


def f(x):
    """Doc."""
    return x + 1


@supercharge
def g(x):
    """Doc."""
