from typing import Any, Iterable, Iterator, Mapping, Optional, Sequence, Set, Union


def f(x):
    """Doc."""
    return x + 1
