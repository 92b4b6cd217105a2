"""What the user's module already does: a candidate may do the same."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_supercharger import parsing
from pytest_supercharger.dotted import bindings, imported, module_names, pairs
from pytest_supercharger.purity import OURS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["Uses", "binds", "classes"]


@dataclass(frozen=True, slots=True)
class Uses:
    """What the user's module already does."""

    imports: frozenset[str]
    names: frozenset[str]
    attributes: frozenset[str]
    bound: frozenset[str]
    modules: Mapping[str, str]
    bindings: Mapping[str, str]
    pairs: frozenset[str]
    registries: Mapping[str, bool]  # function or class -> whether it has a method `register` of its own

    @classmethod
    def of(cls, module: bytes) -> Uses:
        """Read it from the text of the module."""
        return cls.of_tree(parsing.module(module))

    @classmethod
    def of_tree(cls, tree: ast.Module) -> Uses:
        """Read it from the module."""
        nodes = parsing.walked(tree)
        return cls(
            imports=frozenset(name for node in nodes for name in imported(node)) - {OURS, f"{OURS}.marker"},
            names=frozenset(n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)),
            attributes=frozenset(n.attr for n in nodes if isinstance(n, ast.Attribute)),
            bound=frozenset(name for statement in tree.body for name in binds(statement)),
            modules=module_names(tree),
            bindings=bindings(tree),
            pairs=pairs(tree),
            registries={
                node.name: any("register" in binds(part) for part in node.body if isinstance(node, ast.ClassDef))
                for node in tree.body
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            },
        )


def binds(statement: ast.stmt) -> Iterator[str]:
    """The names a statement binds in its own scope."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield statement.name
    elif isinstance(statement, (ast.Import, ast.ImportFrom)):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in statement.names)
    else:
        stores = (n for n in parsing.walked(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
        yield from (n.id for n in stores)


def classes(body: Iterable[ast.stmt]) -> Iterator[str]:
    """The names of the classes that statements define in their own scope, those inside of a class dotted."""
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            yield statement.name
            yield from (f"{statement.name}.{name}" for name in classes(statement.body))
