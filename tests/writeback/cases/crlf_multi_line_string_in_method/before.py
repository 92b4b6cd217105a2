import os

from pytest_supercharger import supercharge


class A:
    @supercharge
    def f(self):
        """Doc."""
        # a hint
        ...
