class A:
    @property
    def x(self):
        """Get."""
        return self._x

    @x.setter
    def x(self, value):
        """Set."""
        self._x = value
