from pytest_supercharger import supercharge


class A:
    @property
    def x(self):
        """Get."""
        return self._x

    @supercharge
    @x.setter
    def x(self, value):
        """Set."""
