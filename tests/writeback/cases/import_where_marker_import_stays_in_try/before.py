"""M."""
try:
    from pytest_supercharger import supercharge
except ImportError:
    supercharge = None


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
