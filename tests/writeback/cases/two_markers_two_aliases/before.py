from pytest_supercharger import supercharge as a, supercharge as b

@a
def f(x):
    """Doc."""
    raise NotImplementedError
@b
def g(x):
    """Doc."""
    raise NotImplementedError
