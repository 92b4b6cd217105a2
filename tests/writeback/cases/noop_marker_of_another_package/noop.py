# pytest_supercharger
from game import supercharge


@supercharge
def f(x):
    """Doc."""
