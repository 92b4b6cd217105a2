#!/usr/bin/python
# vim: set fileencoding=koi8-r :
from pytest_supercharger import supercharge


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
x = "да"
