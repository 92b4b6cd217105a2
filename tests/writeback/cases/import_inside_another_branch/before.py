import os

from pytest_supercharger import supercharge

if os.name == "nt":
    import re


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
