import functools
from pytest_supercharger import supercharge


def twice(f): return f


@twice
@functools.lru_cache(
    maxsize=None,
)
@supercharge
@functools.wraps(twice)
@twice
def f(x):
    "Doc."
    ...
