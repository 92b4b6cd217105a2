# coding: utf-8
import pytest_supercharger
@pytest_supercharger.supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
