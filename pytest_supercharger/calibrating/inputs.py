"""Inputs of MBPP+ with the types that JSON has lost: its asserts say where a list was a tuple or a set."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pytest_supercharger import parsing

__all__ = ["typed"]

Shape = tuple[type, Any] | None  # a container and the shape of what is in it
_SAME = object()  # as the shape of what is in it: containers of the same kind, however deep


def typed(given: Sequence[list[Any]], assertion: str, name: str) -> list[list[Any]]:
    """The inputs, each argument in the shape it has in the asserts; what the asserts leave open stays as it is."""
    positions: list[list[Shape]] = []
    for call in _calls(assertion, name):
        for number, argument in enumerate(call.args):
            positions += [[] for _ in range(number + 1 - len(positions))]
            positions[number] += _shapes_of(argument)
    shapes = [_deep(found) or _merged(found) for found in positions]
    return [[_shaped(value, shapes[i] if i < len(shapes) else None) for i, value in enumerate(one)] for one in given]


def _calls(assertion: str, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(parsing.module(assertion)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node


def _shapes_of(argument: ast.expr) -> list[Shape]:
    try:
        return [_shape(ast.literal_eval(argument))]
    except ValueError:
        return []  # an expression: it says nothing without being run


def _shape(value: object) -> Shape:
    if isinstance(value, (list, tuple, set)):
        return type(value), _merged(_shape(item) for item in value)
    return None


def _deep(shapes: Iterable[Shape]) -> Shape:
    """The one kind of container that there is at any depth."""
    left, kinds = [shape for shape in shapes if shape is not None], set[type]()
    while left:
        kind, inner = left.pop()
        kinds.add(kind)
        left += [inner] if inner is not None else []
    return (kinds.pop(), _SAME) if len(kinds) == 1 else None


def _merged(shapes: Iterable[Shape]) -> Shape:
    """What all shapes have in common; values that are no containers have nothing to say."""
    known = [shape for shape in shapes if shape is not None]
    kinds = {kind for kind, _ in known}
    return (kinds.pop(), _merged(inner for _, inner in known)) if len(kinds) == 1 else None


def _shaped(value: Any, shape: Shape) -> Any:
    if not isinstance(value, list) or shape is None:
        return value
    kind, inner = shape
    try:
        return kind(_shaped(item, shape if inner is _SAME else inner) for item in value)
    except TypeError:  # of a set of lists
        return value
