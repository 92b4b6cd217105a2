from pytest_supercharger import StubNotFilled, supercharge


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError


E = StubNotFilled
