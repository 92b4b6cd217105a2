import pytest_supercharger


class A:
    from game import pytest_supercharger

    @pytest_supercharger.supercharge
    def f(self):
        """Doc."""
