"""From statements and an expression to a self-contained probe: slice, inline, import, name."""

from __future__ import annotations

import ast
import builtins
import copy
import hashlib
from typing import TYPE_CHECKING

from pytest_supercharger.domain import Probe, Stub
from pytest_supercharger.parsing import copied, walked
from pytest_supercharger.probes.calls import names_in

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["is_literal", "make", "rebuilt"]


def make(
    stub: Stub, imports: Sequence[ast.stmt], before: Sequence[ast.stmt], expression: ast.expr, *, module_names: bool
) -> Probe | None:
    """The probe for `expression` after the statements of `before` that it needs.

    None where a name stays unknown (a fixture, say) or the setup would have to await. `module_names` looks unknown
    names up in the stub's module, as doctest does.
    """
    imported = {name for statement in imports for name in _imported(statement)}
    setup = _slice(before, expression, known=imported | {stub.root_name})
    setup, expression = _inline(setup, expression)
    if any(isinstance(part, ast.Await) for statement in setup for part in walked(statement)):
        return None
    used = set().union(names_in(expression), *(names_in(statement) for statement in setup))
    bound = set().union(_bound(expression), *(_bound(statement) for statement in setup))
    lines = {line for statement in imports for line in _lines(statement, used)}
    starred = any(line.endswith("import *") for line in lines)
    unknown = used - bound - imported - set(dir(builtins))
    from_module = unknown if module_names else unknown & {stub.root_name}
    if unknown - from_module and not starred:
        return None
    lines |= {f"from {stub.module} import {name}" for name in from_module}
    return rebuilt("\n".join(sorted(lines)), "\n".join(map(ast.unparse, setup)), ast.unparse(expression))


def rebuilt(imports: str, setup: str, expression: str) -> Probe:
    """A probe of these texts under the name that follows from them."""
    digest = hashlib.sha256("\0".join((imports, setup, expression)).encode()).hexdigest()
    return Probe(id=digest[:32], imports=imports, setup=setup, expression=expression)


def is_literal(node: ast.expr) -> bool:
    """Whether the node is a value written out: constants, displays of them, signed numbers."""
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return False
    return True


def _slice(before: Sequence[ast.stmt], expression: ast.expr, *, known: set[str]) -> list[ast.stmt]:
    """The statements that name something the expression needs, directly or through others.

    What only mentions a function, a class or an immutable value cannot change it, and is left out: earlier calls of
    the stub would otherwise run before this one.
    """
    fixed = _fixed(before)
    needed, kept = names_in(expression) - known, list[ast.stmt]()
    for statement in reversed(before):
        bound = _bound(statement)
        mentioned = (names_in(statement) | bound) - known
        if bound & needed or mentioned & (needed - fixed):
            needed |= mentioned - set(dir(builtins))
            kept.insert(0, statement)
    return kept


def _fixed(statements: Sequence[ast.stmt]) -> set[str]:
    """Names that stand for one unchanging thing all the way."""
    stores = [name for statement in statements for name in _bound(statement)]
    names: set[str] = set()
    for statement in statements:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if is_literal(value) and _is_immutable(value):
                names.add(name)
    return {name for name in names if stores.count(name) == 1}


def _inline(setup: list[ast.stmt], expression: ast.expr) -> tuple[list[ast.stmt], ast.expr]:
    """Put literals where their names stand, so that equal inputs get equal probes and fuzzing finds them."""
    trees: list[ast.AST] = [*setup, expression]
    names = [part for tree in trees for part in walked(tree) if isinstance(part, ast.Name)]
    values: dict[str, ast.expr] = {}
    for statement in setup:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if is_literal(value):
                stored = sum(n.id == name and not isinstance(n.ctx, ast.Load) for n in names)
                loaded = sum(n.id == name and isinstance(n.ctx, ast.Load) for n in names)
                # A list that two places share may be changed through one of them.
                if stored == 1 and (loaded == 1 or _is_immutable(value)):
                    values[name] = value
    kept = [s for s in setup if not (isinstance(s, ast.Assign) and _target(s) in values)]
    inliner = _Inliner(values)
    return [inliner.visit(copied(s)) for s in kept], inliner.visit(copied(expression))


class _Inliner(ast.NodeTransformer):
    def __init__(self, values: dict[str, ast.expr]) -> None:
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return copied(self.values.get(node.id, node))


def _target(statement: ast.Assign) -> str:
    target = statement.targets[0]
    return target.id if isinstance(target, ast.Name) and len(statement.targets) == 1 else ""


def _is_immutable(value: ast.expr) -> bool:
    return not any(isinstance(part, (ast.List, ast.Dict, ast.Set)) for part in walked(value))


def _imported(statement: ast.stmt) -> set[str]:
    if not isinstance(statement, (ast.Import, ast.ImportFrom)):
        return set()
    return {alias.asname or alias.name.partition(".")[0] for alias in statement.names}


def _lines(statement: ast.stmt, used: set[str]) -> list[str]:
    """The import statement, one line a name, without what the probe does not use."""
    if not isinstance(statement, (ast.Import, ast.ImportFrom)):
        return []
    if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
        return []
    lines = []
    for alias in statement.names:
        if alias.name == "*" or (alias.asname or alias.name.partition(".")[0]) in used:
            one = copy.copy(statement)
            one.names = [alias]
            lines.append(ast.unparse(one))
    return lines


def _bound(node: ast.AST) -> set[str]:
    """Every name that is bound somewhere below the node."""
    names: set[str] = set()
    for part in walked(node):
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
            names.add(part.id)
        elif isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(part.name)
        elif isinstance(part, ast.arg):
            names.add(part.arg)
        elif isinstance(part, ast.ExceptHandler) and part.name:
            names.add(part.name)
        elif isinstance(part, (ast.Import, ast.ImportFrom)):
            names |= _imported(part)
    return names
