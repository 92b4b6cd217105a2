from pytest_supercharger import supercharge
__all__ = ["supercharge"]


def f(x):
    """Doc."""
    return x + 1
