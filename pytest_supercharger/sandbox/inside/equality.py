"""Finds values that equal whatever they are compared with: an assertion about such a value shows nothing.

The code of a test is given a call of `probe` after every comparison an assertion makes.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["NAME", "add_probes", "prober"]

NAME = "@supercharge_probe"  # no name that a test could use by accident
_PLAIN = frozenset({int, float, complex, bool, str, bytes, type(None), range, type, type(len), type(lambda: 0)})
_NUMBERS = (int, float, complex)
_HOLDERS = (list, tuple, set, frozenset)
_MOST = 50  # values looked at in one container
_DEPTH = 3

Probe = Callable[..., None]


def add_probes(tree: ast.Module) -> None:
    """Let every comparison of a rewritten assertion be followed by a probe of what was compared."""
    _Probes().visit(tree)


class _Probes(ast.NodeTransformer):
    def visit_Assign(self, node: ast.Assign) -> list[ast.stmt] | ast.stmt:
        """The rewriting of assertions leaves `@py_assert1 = left == right`, with names on both sides."""
        target, value = node.targets[0], node.value
        if not (isinstance(target, ast.Name) and target.id.startswith("@py_assert") and isinstance(value, ast.Compare)):
            return node
        operands = [value.left, *value.comparators]
        if not all(isinstance(operand, ast.Name) for operand in operands):
            return node
        inside = isinstance(value.ops[0], ast.In | ast.NotIn)
        names = [ast.Name(operand.id, ast.Load()) for operand in operands if isinstance(operand, ast.Name)]
        probe = ast.Expr(ast.Call(ast.Name(NAME, ast.Load()), [ast.Constant(inside), *names], []))
        for part in ast.walk(probe):
            if isinstance(part, ast.expr | ast.stmt):
                part.lineno = part.end_lineno = node.lineno
                part.col_offset = part.end_col_offset = 0
        return [node, probe]


def prober(found: Callable[[str], None]) -> Probe:
    """The function that tests call; `found` is told the type of each value that equals anything."""

    def probe(inside: bool, *operands: Any) -> None:
        for place, operand in enumerate(operands):
            if type(operand) in _PLAIN:
                continue
            other = operands[place - 1] if place else operands[-1]
            for value in _values(operand, _DEPTH):
                if _equals_anything(value, other) or (inside and place and _holds_anything(value)):
                    found(type(value).__name__)

    return probe


def _values(value: Any, depth: int) -> Iterator[Any]:
    kind = type(value)
    if kind in _PLAIN:
        return
    inner = list(value.values()) if kind is dict else list(value) if kind in _HOLDERS else None
    if inner is None:
        yield value
    elif depth:
        for one in inner[:_MOST]:
            yield from _values(one, depth - 1)


def _equals_anything(value: Any, other: Any) -> bool:
    number = other if type(other) in _NUMBERS else 1_000
    numbers = (number + 1, 2 * number + 3, -number - 1_000_000)  # far apart: an approximation equals what is near
    return any(all(_equal(value, stranger) for stranger in some) for some in (numbers, (object(), *_near(other))))


def _near(other: Any) -> Iterator[Any]:
    """Something of the type it was compared with, and yet something else."""
    if type(other) in (str, bytes):
        yield other + other[:1] + (b"?" if type(other) is bytes else "?")
    elif type(other) in (list, tuple):
        yield type(other)([*other, object()])


def _equal(value: Any, stranger: Any) -> bool:
    try:
        return bool(value == stranger)
    except Exception:  # an array has no truth value; a comparison that raises is no claim to be equal
        return False


def _holds_anything(value: Any) -> bool:
    try:
        return object() in value
    except Exception:  # of a hostile or an ordinary __contains__
        return False
