from pytest_supercharger import supercharge
__all__ = ["supercharge"]


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
