from pytest_supercharger import (StubNotFilled,  # error
    supercharge)


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError


E = StubNotFilled
