try:
    import re2 as re
except ImportError:
    import re

from pytest_supercharger import supercharge


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
