import pytest_supercharger


def f(x):
    """Doc."""
    return pytest_supercharger
