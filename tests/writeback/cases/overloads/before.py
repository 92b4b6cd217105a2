from typing import overload

from pytest_supercharger import supercharge


@overload
def f(x: int) -> int: ...
@overload
def f(x: str) -> str: ...
@supercharge
def f(x):
    """Doc."""
    ...
