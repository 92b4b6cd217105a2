import os

from pytest_supercharger import supercharge


class C:
    @supercharge
    async def f(self, x):
        """Doc."""
        ...
