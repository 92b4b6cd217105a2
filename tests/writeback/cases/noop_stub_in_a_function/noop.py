from pytest_supercharger import supercharge


def outer():
    @supercharge
    def f(x):
        """Doc."""
    return f
