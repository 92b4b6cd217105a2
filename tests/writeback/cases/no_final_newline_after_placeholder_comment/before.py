from pytest_supercharger import supercharge
@supercharge
def f(x):
    """Doc."""
    ...  # spec