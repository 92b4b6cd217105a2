import os


class C:
    @classmethod
    def a(cls):
        """Doc."""
        return cls()

    @staticmethod
    def b():
        """Doc."""
        return 1

    @property
    def c(self):
        """Doc."""
        return 2

    @c.setter
    def c(self, value):
        pass
