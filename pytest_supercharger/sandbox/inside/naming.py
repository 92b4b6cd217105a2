"""Classes and functions by their names: what a name leads to, and which are the same whatever the candidate is."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["in_the_library", "name_of", "not_brought"]

_DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def name_of(thing: object) -> str | None:
    """`module.qualname` where that leads to the very thing."""
    module, qualname = getattr(thing, "__module__", None), getattr(thing, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(qualname, str):
        return None
    found: Any = sys.modules.get(module)
    for part in qualname.split("."):
        found = getattr(found, part, None)
    return f"{module}.{qualname}" if found is thing else None


def in_the_library(thing: object) -> bool:
    """Whether it says that it is of the standard library."""
    return str(getattr(thing, "__module__", "")).partition(".")[0] in sys.stdlib_module_names


def not_brought(module: str, source: bytes) -> Callable[[object], bool]:
    """Whether a class or function is none that a candidate brought to `module`, of which `source` is without it.

    Two candidates may bring classes that differ and have one name.
    """
    try:
        names = set(_names(ast.parse(source).body))
    except (SyntaxError, ValueError):
        names = set()

    def known(thing: object) -> bool:
        return getattr(thing, "__module__", None) != module or getattr(thing, "__qualname__", None) in names

    return known


def _names(body: Sequence[ast.stmt], owner: str = "") -> Iterator[str]:
    for statement in body:
        if isinstance(statement, _DEFINITIONS):
            yield owner + statement.name
        if isinstance(statement, ast.ClassDef):
            yield from _names(statement.body, f"{owner}{statement.name}.")
        elif isinstance(statement, (ast.If, ast.Try)):
            yield from _names([*statement.body, *statement.orelse], owner)
