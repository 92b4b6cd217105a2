from pytest_supercharger import supercharge


class A:
    @supercharge
    @staticmethod
    def f(x):
        """Doc."""
