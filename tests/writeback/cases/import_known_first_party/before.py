import os

import numpy
from pytest_supercharger import supercharge

import shop


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
