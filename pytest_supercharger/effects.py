"""The effect gate: what accepted code would do beyond computing a value, as far as its text shows.

Accepted code leaves the sandbox and enters the user's product. So its imports and effects (process, network, files,
environment, dynamic code, interpreter internals) are compared with what the user's module already uses; the rest is
named, and the caller abstains. This lowers the risk and contains nothing.

`print` is not an effect here: it harms nothing, and printing is what some functions are for.
"""

from __future__ import annotations

import ast
import builtins
import re
import symtable
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_supercharger import parsing
from pytest_supercharger.purity import (
    PLAIN_DUNDERS,
    PURE_MODULES,
    REFUSED_ATTRIBUTES,
    REFUSED_NAMES,
    is_dunder,
    is_impure,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_supercharger.domain import Candidate, Stub

__all__ = ["undeclared"]


_COMPARISONS = frozenset({"__eq__", "__ne__", "__hash__", "__lt__", "__le__", "__gt__", "__ge__", "__instancecheck__"})
_HIDDEN = re.compile(r"__(?:class|bases|base|mro|subclasses|globals|builtins|code|dict|closure|import|loader|spec)__")
_DYNAMIC = frozenset({"getattr", "setattr", "delattr", "attrgetter", "methodcaller"})
_FIRST_LINE_OF_BODY = 1


def undeclared(
    candidate: Candidate, module: bytes, *, allow: frozenset[str], stub: Stub | None = None
) -> tuple[str, ...]:
    """Name each import and effect that the user's module does not use and `allow` does not name, with its line.

    `allow` holds modules and builtins; `stub` makes parameter names known, so that one called `input` is not taken
    for the builtin.
    """
    uses = _Uses.of(module)
    parameters = _parameters(stub) if stub else frozenset()
    found: dict[str, None] = {}
    for place, tree in _parts(candidate):
        local = _own(tree) | (parameters if place.endswith("body") else frozenset())
        scan = _Scan(uses=uses, allow=allow, local=local, modules=dict(uses.modules))
        for part in candidate.imports:
            scan.modules |= _module_names(parsing.module(part))
        for thing, line in scan.effects(tree):
            found[f"{thing} ({place.format(line=line)})"] = None
    return tuple(found)


def _parts(candidate: Candidate) -> Iterator[tuple[str, ast.AST]]:
    """The parsed pieces of a candidate and how a line of each is named."""
    for part in candidate.imports:
        yield "in its imports", parsing.module(part)
    for part in candidate.helpers:
        yield "line {line} of a helper", parsing.module(part)
    # An async function parses everything a body may hold, await included.
    body = parsing.module("async def _():\n" + textwrap.indent(candidate.body, " ", lambda line: bool(line.strip())))
    ast.increment_lineno(body, -_FIRST_LINE_OF_BODY)
    yield "line {line} of the body", body


@dataclass(frozen=True, slots=True)
class _Uses:
    """What the user's module already does."""

    imports: frozenset[str]
    names: frozenset[str]
    attributes: frozenset[str]
    bound: frozenset[str]
    modules: Mapping[str, str]

    @classmethod
    def of(cls, module: bytes) -> _Uses:
        tree = parsing.module(module)
        nodes = list(ast.walk(tree))
        return cls(
            imports=frozenset(name for node in nodes for name in _imported(node)),
            names=frozenset(n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)),
            attributes=frozenset(n.attr for n in nodes if isinstance(n, ast.Attribute)),
            bound=frozenset(name for statement in tree.body for name in _binds(statement)),
            modules=_module_names(tree),
        )


@dataclass(slots=True)
class _Scan:
    """One pass over one piece of a candidate."""

    uses: _Uses
    allow: frozenset[str]
    local: frozenset[str]
    modules: dict[str, str] = field(default_factory=dict)  # name -> module it stands for

    def effects(self, tree: ast.AST) -> Iterator[tuple[str, int]]:
        """Every effect with its line, in the order of the text."""
        self.modules |= _module_names(tree)
        parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        for node in sorted(ast.walk(tree), key=lambda n: (getattr(n, "lineno", 0), getattr(n, "col_offset", 0))):
            for thing in self._of_node(node, parents.get(node)):
                yield thing, getattr(node, "lineno", 1)

    def _of_node(self, node: ast.AST, parent: ast.AST | None) -> Iterator[str]:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from self._imports(node)
        elif isinstance(node, ast.Name):
            yield from self._name(node, parent)
        elif isinstance(node, ast.Attribute):
            yield from self._attribute(node, parent)
        elif isinstance(node, ast.Call):
            yield from self._call(node)
        elif isinstance(node, ast.Global):
            yield from (f"global {name}" for name in node.names if name not in self.allow)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _HIDDEN.search(node.value):
            yield f"string that names {_HIDDEN.search(node.value).group()}"  # type: ignore[union-attr]
        elif isinstance(node, ast.ClassDef):
            yield from _constant_comparisons(node)
        elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            yield from self._patched(node, node.value)

    def _imports(self, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
        for name in _imported(node):
            parts = [f"{name}.{alias.name}" for alias in node.names] if isinstance(node, ast.ImportFrom) else []
            if not self._may_import(name) and not (parts and all(map(self._may_import, parts))):
                yield f"import of {name}"
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            hidden = (a.name for a in node.names if is_impure(a.name) and not self._may_import(a.name.lstrip("_")))
            # `from random import _os` is `import os` by another door.
            yield from (f"import of {node.module}.{name}" for name in hidden)
        if isinstance(node, ast.ImportFrom):
            yield from (f"import of {node.module}.{alias.name}" for alias in node.names if self._refused(alias))

    def _refused(self, alias: ast.alias) -> bool:
        """Names that are refused as attributes are refused as imports, and none may come in under another name."""
        if alias.name in self.allow or alias.name in self.uses.bound:
            return False
        renamed = alias.name in _DYNAMIC and alias.asname not in (None, alias.name)
        return alias.name == "*" or alias.name in REFUSED_ATTRIBUTES | REFUSED_NAMES or renamed

    def _may_import(self, name: str) -> bool:
        roots = [name[: match.start()] for match in re.finditer(r"(?<=\w)\.", name)] + [name]
        known = PURE_MODULES | self.allow | self.uses.imports
        return any(root in known for root in roots)

    def _name(self, node: ast.Name, parent: ast.AST | None) -> Iterator[str]:
        name = node.id
        if name in self.local or not isinstance(node.ctx, ast.Load):
            return
        if name in self.modules and not isinstance(parent, ast.Attribute):
            yield f"module {name} used as a value"
        yield from self._passed_on(name, node, parent)
        refused = name in REFUSED_NAMES or (is_dunder(name) and name not in PLAIN_DUNDERS)
        if refused and name not in self.uses.names | self.uses.bound | self.allow:
            yield f"use of {name}"

    def _attribute(self, node: ast.Attribute, parent: ast.AST | None) -> Iterator[str]:
        name = node.attr
        if not isinstance(node.ctx, ast.Load):
            yield from self._patched(node, node.value)
        if name in self.uses.attributes | self.allow:
            return
        yield from self._passed_on(name, node, parent)
        named = isinstance(parent, ast.Attribute) and parent.attr in {"__name__", "__qualname__"}
        if name in REFUSED_ATTRIBUTES or (is_dunder(name) and name not in PLAIN_DUNDERS):
            if not (name == "__class__" and named):
                yield f"attribute {name}"
        elif is_impure(name) and (name.startswith("_") or self._is_module(node.value)):
            yield f"attribute {ast.unparse(node)}"

    def _passed_on(self, name: str, node: ast.expr, parent: ast.AST | None) -> Iterator[str]:
        """What reads attributes by name is judged by its arguments, so it has to be called on the spot."""
        called = isinstance(parent, ast.Call) and parent.func is node
        if name in _DYNAMIC and not called and name not in self.uses.names | self.allow:
            yield f"{name} used as a value"

    def _is_module(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and node.id in self.modules and node.id not in self.local

    def _patched(self, node: ast.expr, target: ast.expr) -> Iterator[str]:
        """Assignments that reach into something that is not the candidate's own."""
        while isinstance(target, (ast.Attribute, ast.Subscript, ast.Call)):
            target = target.func if isinstance(target, ast.Call) else target.value
        if not isinstance(target, ast.Name) or target.id in self.local or target.id in self.allow:
            return
        foreign = target.id in self.modules or hasattr(builtins, target.id)
        # Filling a table of the user's module is ordinary; replacing an attribute of what it holds is not.
        if foreign or (isinstance(node, ast.Attribute) and target.id in self.uses.bound):
            yield f"assignment to {ast.unparse(node)}"

    def _call(self, node: ast.Call) -> Iterator[str]:
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in self.local or name in self.allow:
            return
        if name in {"getattr", "setattr", "delattr"} and isinstance(node.func, ast.Name):
            yield from self._dynamic(name, node.args[1] if len(node.args) > 1 else None)
            if name != "getattr" and node.args:
                yield from self._patched(ast.Attribute(node.args[0], "<any>", ast.Store()), node.args[0])
        elif name in {"attrgetter", "methodcaller"}:
            yield from self._dynamic(name, node.args[0] if node.args else None)
        elif name == "type" and isinstance(node.func, ast.Name) and len(node.args) == 3:
            yield "class made by a call of type"

    def _dynamic(self, name: str, attribute: ast.expr | None) -> Iterator[str]:
        if name in self.uses.names:
            return
        if not isinstance(attribute, ast.Constant) or not isinstance(attribute.value, str):
            yield f"{name} with a computed name"
        else:
            for part in attribute.value.split("."):
                yield from self._attribute(ast.Attribute(ast.Name("_", ast.Load()), part, ast.Load()), None)


def _constant_comparisons(node: ast.ClassDef) -> Iterator[str]:
    """A class whose comparison does not look at the other value would pass every assertion."""
    for statement in node.body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)) and statement.name in _COMPARISONS:
            returns = [n.value for n in ast.walk(statement) if isinstance(n, ast.Return) and n.value is not None]
            if returns and all(isinstance(value, ast.Constant) for value in returns):
                yield f"class {node.name} whose {statement.name} is a constant: its result would equal everything"
        elif isinstance(statement, (ast.Assign, ast.AnnAssign)) and not _is_none(statement.value):
            names = (name for name in _binds(statement) if name in _COMPARISONS)
            yield from (f"class {node.name} whose {name} is assigned" for name in names)


def _is_none(value: ast.expr | None) -> bool:
    """`__hash__ = None` is how a class says that it cannot be hashed."""
    return isinstance(value, ast.Constant) and value.value is None


def _imported(node: ast.AST) -> Iterator[str]:
    """The modules an import statement names; relative ones keep their dots."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield "." * node.level + (node.module or "")


def _module_names(tree: ast.AST) -> dict[str, str]:
    """The names that `import` statements bind to modules."""
    pairs = (alias for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names)
    return {alias.asname or alias.name.partition(".")[0]: alias.name for alias in pairs}


def _binds(statement: ast.stmt) -> Iterator[str]:
    """The names a statement binds in its own scope."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield statement.name
    elif isinstance(statement, (ast.Import, ast.ImportFrom)):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in statement.names)
    else:
        stores = (n for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
        yield from (n.id for n in stores)


def _own(tree: ast.AST) -> frozenset[str]:
    """Names bound in this piece and read from nowhere else: a binding in one scope hides no builtin in another."""
    try:
        tables = [symtable.symtable(ast.unparse(tree), "<candidate>", "exec")]
    except SyntaxError:
        return frozenset()
    for table in tables:
        tables += table.get_children()
    # A name bound in the body of a class is looked up outside as long as it is not bound yet.
    used = [(table, symbol) for table in tables for symbol in table.get_symbols() if symbol.is_referenced()]
    return _bound(tree) - {s.get_name() for table, s in used if s.is_global() or table.get_type() == "class"}


def _bound(tree: ast.AST) -> frozenset[str]:
    """Names the candidate binds itself, anywhere in this piece, apart from modules and `global` names."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler)):
            names.add(node.name or "")
    taken = {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}
    return frozenset(names - taken)


def _parameters(stub: Stub) -> frozenset[str]:
    tree = parsing.module(f"{stub.signature}: ...")
    return frozenset(node.arg for node in ast.walk(tree) if isinstance(node, ast.arg))
