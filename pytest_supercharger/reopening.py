"""Accepted functions made stubs again, for the half of a split run that must not hold their code."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from pytest_supercharger import fingerprints, parsing

__all__ = ["reopen", "yields"]

_MARKER = "__import__('pytest_supercharger').supercharge"
_BODY = "raise NotImplementedError"
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def reopen(data: bytes, wanted: Iterable[fingerprints.Known]) -> bytes:
    """The module with a marker and no body for each of these functions; layout and comments are lost.

    What does not parse stays as it is: nothing in it can be run in either half.
    """
    try:
        tree = parsing.module(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return data
    # All are looked for before one is changed: they are known by their code.
    for node in [fingerprints.located(tree, known) for known in wanted]:
        if node is not None:
            # Below all others: the marker stands directly on the function.
            node.decorator_list.append(parsing.expression(_MARKER).body)
            node.body = [*_docstring(node), *parsing.module(_BODY).body, *_yield(node)]
    return ast.unparse(ast.fix_missing_locations(tree)).encode("utf-8", "surrogatepass")


def _docstring(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.stmt]:
    return node.body[:1] if ast.get_docstring(node, clean=False) is not None else []


def _yield(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.stmt]:
    """What makes a generator of a function that is one."""
    return parsing.module("yield").body if yields(node.body) else []


def yields(parts: Iterable[ast.AST]) -> bool:
    """Whether there is a yield in them, those of functions and classes in them left out."""
    return any(
        isinstance(part, ast.Yield | ast.YieldFrom)
        or (not isinstance(part, _SCOPES) and yields(ast.iter_child_nodes(part)))
        for part in parts
    )
