from typing import Any, Iterable, Mapping, Optional


def f(x):
    """Doc."""
    return x + 1
