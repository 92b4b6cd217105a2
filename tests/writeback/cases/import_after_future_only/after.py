"""M."""
from __future__ import annotations

import re


def f(x):
    """Doc."""
    return x + 1
