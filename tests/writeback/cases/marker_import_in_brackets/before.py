from pytest_supercharger import (
    StubNotFilled,  # error
    supercharge,  # marker
)


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError


E = StubNotFilled
