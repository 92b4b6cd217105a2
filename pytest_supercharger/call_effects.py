"""Calls that make a class or a function from parts, or change what they are given."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["called", "changed", "odd_call"]

# Called as functions, they change the class or function they are given.
_DECORATORS = frozenset({"dataclass", "total_ordering", "update_abstractmethods", "runtime_checkable"})
_WRAPPERS = {"wraps": 1, "update_wrapper": 2}  # arguments before the names of what they copy


def called(node: ast.expr) -> str:
    """The last name of what is called."""
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def odd_call(node: ast.Call, name: str) -> Iterator[str]:
    """Name what a call makes that the rules for classes and functions would not see; `name` is what is called."""
    made_of_parts = name == "type" and isinstance(node.func, ast.Name) and len(node.args) == 3
    if made_of_parts or ast.unparse(node.func) == "type.__call__":
        yield "class made by a call of type"
    elif name in {"FunctionType", "LambdaType"}:
        yield f"function made by a call of {name}"
    elif name in _WRAPPERS and (len(node.args) > _WRAPPERS[name] or any(k.arg != "wrapped" for k in node.keywords)):
        yield f"{name} with names of its own"


def changed(node: ast.Call, meaning: Callable[[ast.expr], str]) -> ast.expr | None:
    """What a decorator changes that is called as a function; `meaning` tells the last name of what is called."""
    maker = node.func.func if isinstance(node.func, ast.Call) else node.func
    name = meaning(maker)
    makes_decorator = name == "wraps" and maker is node.func
    return node.args[0] if node.args and name in {*_DECORATORS, *_WRAPPERS} and not makes_decorator else None
