from pytest_supercharger import supercharge


@supercharge
async def count(n: int):
    """Count."""
    raise NotImplementedError
    yield
