"""M."""

import re

try:
    from pytest_supercharger import supercharge
except ImportError:
    supercharge = None


def f(x):
    """Doc."""
    return x + 1
