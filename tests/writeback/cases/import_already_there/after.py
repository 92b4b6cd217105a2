import os.path
import re
from typing import (
    Any,
    List,
)


def f(x):
    """Doc."""
    return x + 1
