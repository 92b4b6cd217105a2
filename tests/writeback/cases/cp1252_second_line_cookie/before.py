#!/usr/bin/env python
# vim: set fileencoding=cp1252 :
from pytest_supercharger import supercharge
PRICE = "€"
@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
