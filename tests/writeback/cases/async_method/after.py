import os


class C:
    async def f(self, x):
        """Doc."""
        async with x as y:
            return await y
