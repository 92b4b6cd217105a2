from __future__ import annotations

import os
import sys
from collections import deque
from typing import Any

import numpy
from pytest_supercharger import supercharge

from .a import b


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
