"""What a class of a candidate would do that a class of values does not do."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from pytest_supercharger.declared import binds
from pytest_supercharger.purity import REFUSED_METHODS

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["matched_attributes", "odd_class"]

_COMPARISONS = frozenset({"__eq__", "__ne__", "__hash__", "__lt__", "__le__", "__gt__", "__ge__", "__instancecheck__"})


def odd_class(node: ast.ClassDef) -> Iterator[str]:
    """Name the comparisons that do not look at the other value, and the methods that run when nobody calls them."""
    for statement in node.body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if statement.name in REFUSED_METHODS:
                yield f"class {node.name} with {statement.name}"
            if statement.name in _COMPARISONS and _is_constant(statement):
                # It would pass every assertion.
                yield f"class {node.name} whose {statement.name} is a constant: its result would equal everything"
        elif isinstance(statement, (ast.Assign, ast.AnnAssign)) and not _is_none(statement.value):
            names = (name for name in binds(statement) if name in _COMPARISONS | REFUSED_METHODS)
            yield from (f"class {node.name} whose {name} is assigned" for name in names)
            if "__match_args__" in binds(statement) and matched_attributes(statement.value) is None:
                yield f"class {node.name} whose __match_args__ is computed"


def matched_attributes(value: ast.expr | None) -> list[str] | None:
    """The attributes a pattern reads by position, as `__match_args__` names them; None where they are no constants."""
    if not isinstance(value, (ast.Tuple, ast.List)):
        return None
    names = [e.value for e in value.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)]
    return names if len(names) == len(value.elts) else None


def _is_constant(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    returns = [n.value for n in ast.walk(function) if isinstance(n, ast.Return) and n.value is not None]
    return bool(returns) and all(isinstance(value, ast.Constant) for value in returns)


def _is_none(value: ast.expr | None) -> bool:
    """`__hash__ = None` is how a class says that it cannot be hashed."""
    return isinstance(value, ast.Constant) and value.value is None
