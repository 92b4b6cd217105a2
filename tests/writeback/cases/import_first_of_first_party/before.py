import os

import numpy
from pytest_supercharger import supercharge

from . import b


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
