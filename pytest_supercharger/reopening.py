"""Accepted functions made stubs again, for the half of a split run that must not hold their code."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from pytest_supercharger import evidence, parsing

__all__ = ["reopen"]

_MARKER = "__import__('pytest_supercharger').supercharge"
_BODY = "raise NotImplementedError"


def reopen(data: bytes, qualnames: Iterable[str]) -> bytes:
    """The module with a marker and no body for each of these functions; layout and comments are lost.

    What does not parse stays as it is: nothing in it can be run in either half.
    """
    try:
        tree = parsing.module(data)
    except (SyntaxError, ValueError):
        return data
    for qualname in qualnames:
        node = evidence.located(tree, qualname)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            # Below all others: the marker stands directly on the function.
            node.decorator_list.append(parsing.expression(_MARKER).body)
            node.body = parsing.module(_BODY).body
    return ast.unparse(ast.fix_missing_locations(tree)).encode("utf-8", "surrogatepass")
