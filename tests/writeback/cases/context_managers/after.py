from contextlib import asynccontextmanager, contextmanager


@contextmanager
def quiet():
    """Be quiet."""
    try:
        yield
    finally:
        pass


@asynccontextmanager
async def calm():
    """Be calm."""
    # nothing
    yield
