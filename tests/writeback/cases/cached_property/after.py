import functools


class A:
    @functools.cached_property
    def x(self) -> int:
        """Count."""
        return 1
