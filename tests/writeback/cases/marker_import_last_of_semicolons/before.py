import os; from pytest_supercharger import supercharge  # c


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
