from pytest_supercharger import supercharge


class A:
    @property
    @supercharge
    def x(self):
        """Get."""

    @x.setter
    @supercharge
    def x(self, value):
        """Set."""
