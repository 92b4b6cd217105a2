# -*- coding: latin-1 -*-
from pytest_supercharger import supercharge

NAME = "é"

@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
