import functools


def twice(f): return f


@twice
@functools.lru_cache(
    maxsize=None,
)
@functools.wraps(twice)
@twice
def f(x):
    "Doc."
    return x + 1
