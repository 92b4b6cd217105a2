from pytest_supercharger import StubNotFilled  # noqa


def f(x):
    """Doc."""
    return x + 1


E = StubNotFilled
