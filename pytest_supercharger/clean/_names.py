"""Which names code needs from outside, and which names a module gives; by the compiler's own scope rules."""

from __future__ import annotations

import ast
import builtins
import symtable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_supercharger.clean._syntax import unparse
from pytest_supercharger.parsing import walked

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["BUILTINS", "Uses", "bound_names", "imported", "module_names", "uses"]

BUILTINS = frozenset(dir(builtins)) | {"__file__", "__name__", "__doc__", "__class__", "__builtins__", "__spec__"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """The names that code reads from, or declares in, the module around it."""

    names: frozenset[str]
    attributes: dict[str, frozenset[str]]  # name -> dotted chains read from it: {"os": {"path.join"}}
    plain: frozenset[str]  # names that are also used in another way than `name.attribute`

    def dotted_only(self, name: str) -> bool:
        """Tell whether `name` is used as `name.attribute` only."""
        return name not in self.plain


def uses(nodes: list[ast.stmt]) -> Uses:
    """Return what the statements, taken as a module, need from elsewhere; names they bind themselves are left out."""
    source = "".join(unparse(node) for node in nodes)
    try:
        table = symtable.symtable(source, "<answer>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Uses(names=frozenset(), attributes={}, plain=frozenset())
    own = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    names = frozenset(_free(table)) - own
    attributes: dict[str, set[str]] = {}
    heads: set[int] = set()
    plain: set[str] = set()
    for node in nodes:
        for chain, name in _chains(node):
            attributes.setdefault(name.id, set()).add(chain)
            heads.add(id(name))
        plain.update(n.id for n in walked(node) if isinstance(n, ast.Name) and id(n) not in heads)
    return Uses(names=names, attributes={k: frozenset(v) for k, v in attributes.items()}, plain=frozenset(plain))


def _free(table: symtable.SymbolTable) -> Iterator[str]:
    top = table.get_type() == "module"
    for symbol in table.get_symbols():
        # A name bound in a function through `global` lives in the module as well.
        if symbol.is_global() or (top and symbol.is_referenced()):
            yield symbol.get_name()
    for child in table.get_children():
        yield from _free(child)


def _chains(node: ast.stmt) -> Iterator[tuple[str, ast.Name]]:
    for found in walked(node):
        parts: list[str] = []
        at: ast.AST = found
        while isinstance(at, ast.Attribute):
            parts.append(at.attr)
            at = at.value
        if parts and isinstance(at, ast.Name):
            yield ".".join(reversed(parts)), at


def imported(node: ast.stmt) -> list[tuple[str, str]]:
    """Return (bound name, one-name import statement) for each name an import binds; star imports bind "*"."""
    if isinstance(node, ast.Import):
        return [
            (a.asname or a.name.partition(".")[0], f"import {a.name}" + (f" as {a.asname}" if a.asname else ""))
            for a in node.names
        ]
    if isinstance(node, ast.ImportFrom):
        origin = "." * node.level + (node.module or "")
        return [
            (a.asname or a.name, f"from {origin} import {a.name}" + (f" as {a.asname}" if a.asname else ""))
            for a in node.names
        ]
    return []


def bound_names(node: ast.stmt) -> set[str]:
    """Return the module-level names a top-level statement binds, those inside its blocks included."""
    found: set[str] = set()
    stack: list[ast.AST] = [node]
    while stack:
        at = stack.pop()
        if isinstance(at, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(at.name)  # its inside is another scope
        elif isinstance(at, ast.Import | ast.ImportFrom):
            found.update(name for name, _ in imported(at))
        elif isinstance(at, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            continue
        else:
            if isinstance(at, ast.Name) and isinstance(at.ctx, ast.Store):
                found.add(at.id)
            elif isinstance(at, ast.ExceptHandler) and at.name:
                found.add(at.name)
            stack.extend(ast.iter_child_nodes(at))
    return found


def module_names(tree: ast.Module) -> dict[str, str]:
    """Return what each module-level name is: the import statement that binds it, "" for anything else."""
    found: dict[str, str] = {}
    for node in tree.body:
        found.update(dict.fromkeys(bound_names(node), ""))
    for at in walked(tree):
        if isinstance(at, ast.Global):
            found.update(dict.fromkeys((n for n in at.names if n not in found), ""))
    for node in _module_level(tree.body):
        found.update(dict(imported(node)))
    return found


def _module_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With):
            for block in ("body", "orelse", "finalbody"):
                yield from _module_level(getattr(node, block, []))
            for handler in getattr(node, "handlers", []):
                yield from _module_level(handler.body)
