"""Which of several definitions of one name a function is: branches, redefinitions, the accessors of a property."""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_supercharger.marks import Definition, Function, definitions, dotted_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

__all__ = ["Occurrence", "first_line", "functions", "is_accessor", "is_overload"]

_ACCESSORS = {"getter", "setter", "deleter"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """A function that stands in no other one."""

    found: Definition
    node: Function
    number: int  # among those of its name, from 1 in the order of the file; 0 for an overload, which never runs


def functions(tree: ast.Module, taken: Collection[str] = ()) -> Iterator[Occurrence]:
    """Yield the functions of a module and its classes; `sandbox/inside/numbering.py` counts in the same way.

    `taken` is as for `definitions`.
    """
    times: Counter[str] = Counter()
    for found in definitions(tree, taken):
        if isinstance(found.node, ast.ClassDef) or not all(isinstance(one, ast.ClassDef) for one in found.parents):
            continue
        overload = is_overload(found.node)
        times[found.qualname] += not overload
        yield Occurrence(found=found, node=found.node, number=0 if overload else times[found.qualname])


def first_line(node: Function) -> int:
    """Return the line that its code object has: that of the first decorator."""
    return min([node.lineno, *(item.lineno for item in node.decorator_list)])


def is_overload(node: Function | ast.ClassDef) -> bool:
    """Say whether a definition is there for type checkers only."""
    return any((dotted_name(item) or "").rpartition(".")[2] == "overload" for item in node.decorator_list)


def is_accessor(node: Function) -> bool:
    """Say whether a definition adds to the property of its name rather than take its place."""
    names = [item for item in map(dotted_name, node.decorator_list) if item]
    return any(name.rpartition(".")[0] == node.name and name.rpartition(".")[2] in _ACCESSORS for name in names)
