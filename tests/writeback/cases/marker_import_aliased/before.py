from pytest_supercharger import supercharge as todo


@todo
def f(x):
    """Doc."""
    raise NotImplementedError
