import functools
import os

from pytest_supercharger import supercharge


@functools.cache  # a
# between
@functools.lru_cache(
    maxsize=3,
)
@supercharge
# above def
@functools.wraps(print)
def f(x):
    """Doc."""
