from pytest_supercharger import supercharge

LIMIT = 1
@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
