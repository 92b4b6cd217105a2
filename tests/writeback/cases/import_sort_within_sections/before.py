from abc import ABC
import os
from typing import Any

from pytest_supercharger import supercharge


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
