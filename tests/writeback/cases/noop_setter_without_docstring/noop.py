from pytest_supercharger import supercharge


class A:
    @property
    def x(self):
        """Get."""
        return self._x

    @x.setter
    @supercharge
    def x(self, value): ...
