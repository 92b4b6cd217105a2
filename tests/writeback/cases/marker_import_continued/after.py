from pytest_supercharger import StubNotFilled


def f(x):
    """Doc."""
    return x + 1


E = StubNotFilled
