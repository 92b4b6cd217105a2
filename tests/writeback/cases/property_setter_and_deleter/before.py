from pytest_supercharger import supercharge


class A:
    @property
    def x(self):
        return self._x

    @x.setter
    @supercharge
    def x(self, value):
        """Keep it."""
        ...

    @x.deleter
    def x(self):
        del self._x
