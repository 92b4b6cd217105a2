import functools

from pytest_supercharger import supercharge


class A:
    @functools.cached_property
    @supercharge
    def x(self) -> int:
        """Count."""
