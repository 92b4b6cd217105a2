import os

from pytest_supercharger import supercharge


class C:
    @classmethod
    @supercharge
    def a(cls):
        """Doc."""

    @staticmethod
    @supercharge
    def b():
        """Doc."""
        ...

    @property
    @supercharge
    def c(self):
        """Doc."""
        raise NotImplementedError

    @c.setter
    def c(self, value):
        pass
