from pytest_supercharger import supercharge, StubNotFilled  # noqa


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError


E = StubNotFilled
