from pytest_supercharger import supercharge

def outer():
    @property
    def f(x): ...
    return f

@supercharge
def f(x):
    """Doc."""
