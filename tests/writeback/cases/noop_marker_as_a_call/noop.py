from pytest_supercharger import supercharge


def f(x):
    """Doc."""
    raise NotImplementedError


f = supercharge(f)
