"""Text that reads attributes or runs as code: format strings, and annotations written as text."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from pytest_supercharger.parsing import walked
from pytest_supercharger.purity import PLAIN_DUNDERS, REFUSED_ATTRIBUTES, is_dunder, words

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FORMATS", "annotation_texts", "bound_to", "hidden_name", "made_names", "made_up"]

FORMATS = frozenset({"format", "format_map"})
_HIDDEN = re.compile(r"__(?:class|bases|base|mro|subclasses|globals|builtins|code|dict|closure|import|loader|spec)__")
_FIELD = re.compile(r"\{[^{}\s:!]*?\.(\w+)")
# Calls that take away from a text, or pick one, and add nothing.
_KEPT = words(
    "strip lstrip rstrip dedent split splitlines get values items keys enumerate zip sorted reversed list tuple"
)


def hidden_name(text: str) -> str:
    """The first name in a text that no attribute of a candidate may have; "" where there is none."""
    found = _HIDDEN.search(text)
    if found:
        return found.group()
    names = (match.group(1) for match in _FIELD.finditer(text))
    refused = (n for n in names if n in REFUSED_ATTRIBUTES or (is_dunder(n) and n not in PLAIN_DUNDERS))
    return next(refused, "")


def made_names(tree: ast.AST) -> frozenset[str]:
    """Names that are bound to text put together at run time: its fields may be anything."""
    made = frozenset({"str"})  # `str.format` takes its text as an argument
    given = list(bound_to(tree))
    for _ in range(3):  # names pass it on; longer chains are no accident
        made |= frozenset(name for value, target in given if made_up(value, made) for name in _stored(target))
    return made


def made_up(node: ast.AST, made: frozenset[str] = frozenset()) -> bool:
    """Whether an expression puts text together instead of naming one."""
    if isinstance(node, ast.Name):
        return node.id in made
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return called not in _KEPT or any(made_up(part, made) for part in (node.func, *node.args))
    if isinstance(node, (ast.BinOp, ast.JoinedStr)):
        return True
    return any(made_up(child, made) for child in ast.iter_child_nodes(node))


def bound_to(tree: ast.AST) -> Iterator[tuple[ast.expr, ast.AST]]:
    """Each expression whose value, or whose elements, an assignment or a loop gives a name, with the target."""
    for node in walked(tree):
        if isinstance(node, ast.Assign):
            yield from ((node.value, target) for target in node.targets)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            yield node.value, node.target
        elif isinstance(node, ast.AugAssign):
            yield ast.BinOp(node.target, node.op, node.value), node.target
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            yield node.iter, node.target


def _stored(target: ast.AST) -> Iterator[str]:
    return (n.id for n in walked(target) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))


def annotation_texts(node: ast.AST) -> Iterator[str]:
    """The texts in an annotation: `singledispatch` and others run them as code."""
    places: list[ast.expr | None] = []
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        places.append(node.returns)
    elif isinstance(node, (ast.arg, ast.AnnAssign)):
        places.append(node.annotation)
    for place in places:
        inner = walked(place) if place is not None else ()
        yield from (n.value for n in inner if isinstance(n, ast.Constant) and isinstance(n.value, str))
