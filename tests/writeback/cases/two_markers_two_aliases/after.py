from pytest_supercharger import supercharge as b

def f(x):
    """Doc."""
    return x + 1
@b
def g(x):
    """Doc."""
    raise NotImplementedError
