import os.path
import re
from typing import (
    Any,
)
from pytest_supercharger import supercharge


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
