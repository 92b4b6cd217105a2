from pytest_supercharger import supercharge

def g():
    global re
    re = 1


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
