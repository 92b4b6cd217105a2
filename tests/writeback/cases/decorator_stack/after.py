import functools
import os


@functools.cache  # a
# between
@functools.lru_cache(
    maxsize=3,
)
# above def
@functools.wraps(print)
def f(x):
    """Doc."""
    return x + 1
