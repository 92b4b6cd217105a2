"""What a piece of code takes from modules, as dotted names: `os.path.join`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from pytest_supercharger.parsing import walked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["bindings", "chain", "imported", "module_names", "pair", "pairs", "root"]


def imported(node: ast.AST) -> Iterator[str]:
    """The modules an import statement names; relative ones keep their dots."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield "." * node.level + (node.module or "")


def module_names(tree: ast.AST) -> dict[str, str]:
    """The names that `import` statements bind to modules, each with its module."""
    aliases = [alias for node in walked(tree) if isinstance(node, ast.Import) for alias in node.names]
    plain = {alias.name.partition(".")[0] for alias in aliases if alias.asname is None}
    return {name: name for name in plain} | {alias.asname: alias.name for alias in aliases if alias.asname}


def bindings(tree: ast.AST) -> dict[str, str]:
    """The names that imports of any kind bind, each with the dotted name it stands for."""
    found = module_names(tree)
    for node in walked(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return found


def root(node: ast.expr) -> str:
    """The name that a chain of attributes begins with; "" where it begins with something else."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def chain(node: ast.expr, bound: Mapping[str, str]) -> str:
    """The dotted name that a name or a chain of attributes stands for; "" where no import binds its first name."""
    if isinstance(node, ast.Attribute):
        before = chain(node.value, bound)
        return before and f"{before}.{node.attr}"
    return bound.get(node.id, "") if isinstance(node, ast.Name) else ""


def pair(name: str) -> str:
    """The module and the first attribute of a dotted name."""
    return ".".join(name.split(".")[:2])


def pairs(tree: ast.AST) -> frozenset[str]:
    """Every pair of module and attribute that is imported or read."""
    bound = bindings(tree)
    names = {chain(node, bound) for node in walked(tree) if isinstance(node, ast.Attribute)} | {*bound.values()}
    names |= {name for node in walked(tree) if isinstance(node, ast.Import) for name in imported(node)}
    return frozenset(pair(name) for name in names if "." in name)
