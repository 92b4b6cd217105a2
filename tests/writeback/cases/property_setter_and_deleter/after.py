class A:
    @property
    def x(self):
        return self._x

    @x.setter
    def x(self, value):
        """Keep it."""
        self._x = value

    @x.deleter
    def x(self):
        del self._x
