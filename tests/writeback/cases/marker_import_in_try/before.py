try:
    from pytest_supercharger import supercharge
except ImportError:
    def supercharge(f): return f


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
