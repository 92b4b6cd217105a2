try:
    from pytest_supercharger import supercharge
except ImportError:
    def supercharge(f): return f


def f(x):
    """Doc."""
    return x + 1
