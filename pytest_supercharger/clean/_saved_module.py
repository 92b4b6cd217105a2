"""What a saved test may take from the user's module: what is defined there, and reaches nothing outside of it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_supercharger.clean._names import bound_names, imported
from pytest_supercharger.declared import Uses
from pytest_supercharger.effect_scan import Scan
from pytest_supercharger.parsing import walked
from pytest_supercharger.purity import is_impure
from pytest_supercharger.scopes import own

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Given"]

# What a test may change would be another thing for those that come after it.
_LITERALS = (ast.Constant, ast.Tuple, ast.UnaryOp, ast.BinOp, ast.operator, ast.unaryop, ast.expr_context)
_NOTHING = Uses.of_tree(ast.Module(body=[], type_ignores=[]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The user's module, with the accepted bodies in it."""

    module: str
    tree: ast.Module
    allow: frozenset[str]

    @property
    def names(self) -> frozenset[str]:
        """Functions, classes and constants that stand in the module itself; nothing that it imports or computes."""
        found: list[str] = []
        for node in self.tree.body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) or _is_constant(node):
                found += bound_names(node)
        # A name that is bound twice may be either.
        every = [name for node in self.tree.body for name in bound_names(node)]
        return frozenset(name for name in found if every.count(name) == 1 and not name.startswith("_"))

    @property
    def members(self) -> frozenset[str]:
        """What objects of the classes of the module have."""
        found = {name for kind in self._classes() for name in _members(kind)}
        return frozenset(name for name in found if not name.startswith("_") and not is_impure(name))

    def effect(self, names: Iterable[str], attributes: Iterable[str]) -> str:
        """What these would do beyond computing a value, with all that they need of the module; "" where nothing.

        A saved test chooses what they are called with, on this machine.
        """
        read = set(attributes)
        wanted = {*names, *(kind.name for kind in self._classes() if read & _members(kind))}
        kept: list[ast.stmt] = []
        while True:
            more = [node for node in self.tree.body if node not in kept and bound_names(node) & {*wanted, "*"}]
            if not more:
                break
            kept += more
            wanted |= {n.id for node in more for n in walked(node) if isinstance(n, ast.Name)}
        tree = ast.Module(body=[_only(node, wanted) for node in self.tree.body if node in kept], type_ignores=[])
        allow = self.allow | {self.module.partition(".")[0], "pytest_supercharger"}
        scan = Scan(uses=_NOTHING, allow=allow, local=own(tree))
        return next((thing for thing, _ in scan.effects(tree)), "")

    def _classes(self) -> list[ast.ClassDef]:
        return [node for node in self.tree.body if isinstance(node, ast.ClassDef)]


def _members(kind: ast.ClassDef) -> set[str]:
    names = {name for node in kind.body for name in bound_names(node)}
    annotated = {n.target.id for n in kind.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)}
    stored = {n.attr for n in walked(kind) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)}
    return names | annotated | stored


def _is_constant(node: ast.stmt) -> bool:
    if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
        return False
    return all(isinstance(part, _LITERALS) for part in walked(node.value))


def _only(node: ast.stmt, wanted: set[str]) -> ast.stmt:
    """An import of several names, with those that are needed."""
    if not isinstance(node, (ast.Import, ast.ImportFrom)):
        return node
    names = [a for a, (bound, _) in zip(node.names, imported(node), strict=True) if bound in {*wanted, "*"}]
    fields = {key: getattr(node, key) for key in node._fields} | {"names": names}
    return ast.copy_location(type(node)(**fields), node)
