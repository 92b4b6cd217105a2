from pytest_supercharger import supercharge


class A:
    @supercharge
    def f(self, x):
        """Doc."""
