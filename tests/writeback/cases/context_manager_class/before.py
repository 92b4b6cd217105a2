from pytest_supercharger import supercharge


class Lock:
    @supercharge
    def __enter__(self):
        """Take it."""

    @supercharge
    async def __aexit__(self, *error):
        """Give it back."""
