import os

from pytest_supercharger import supercharge


@supercharge
async def f(x):
    """Doc."""
    raise NotImplementedError
