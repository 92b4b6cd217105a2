from typing import overload

from pytest_supercharger import supercharge


@overload
@supercharge
def f(x: int) -> int: """Doc."""
@overload
def f(x: str) -> str: ...
def f(x): return x
