from contextlib import asynccontextmanager, contextmanager

from pytest_supercharger import supercharge


@contextmanager
@supercharge
def quiet():
    """Be quiet."""
    raise NotImplementedError
    yield


@asynccontextmanager
@supercharge
async def calm():
    """Be calm."""
    ...
    yield  # nothing
