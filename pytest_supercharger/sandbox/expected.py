"""Which tests pytest has to find in a module, read from its source on the host."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import lru_cache

from pytest_supercharger import parsing

__all__ = ["expected_tests", "matching"]


@lru_cache(maxsize=4096)
def expected_tests(source: str) -> Mapping[str, bool]:
    """The tests that pytest has to find in `source`, each with whether it may be parametrised."""
    try:
        tree = parsing.module(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    wide = any(isinstance(node, ast.keyword) and node.arg == "params" for node in ast.walk(tree))
    expected: dict[str, bool] = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            many = wide or bool(node.decorator_list)
            expected.update({f"{node.name}::{name}": flag or many for name, flag in _functions(node.body, own=1)})
        else:
            expected.update({name: flag or wide for name, flag in _functions([node], own=0)})
    return expected


def matching(name: str, expected: Mapping[str, bool]) -> str | None:
    """The expected test that the reported `name` belongs to."""
    if name in expected:
        return name
    base = name.partition("[")[0]
    return base if expected.get(base) and name.endswith("]") else None


def _functions(body: Sequence[ast.stmt], *, own: int) -> list[tuple[str, bool]]:
    functions = [node for node in body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return [
        (node.name, bool(node.decorator_list) or len(node.args.args) + len(node.args.kwonlyargs) > own)
        for node in functions
        if node.name.startswith("test")
    ]
