from pytest_supercharger import (
    StubNotFilled,  # error
)


def f(x):
    """Doc."""
    return x + 1


E = StubNotFilled
