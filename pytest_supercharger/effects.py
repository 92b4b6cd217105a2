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
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_supercharger import parsing
from pytest_supercharger.declared import Uses, binds
from pytest_supercharger.dotted import bindings, chain, imported, module_names, pair, root
from pytest_supercharger.purity import (
    GUARDED_MODULES,
    HARMLESS_PAIRS,
    PATH_WRITES,
    PLAIN_DUNDERS,
    PURE_MODULES,
    REFUSED_ATTRIBUTES,
    REFUSED_NAMES,
    is_dunder,
    is_impure,
)
from pytest_supercharger.scopes import own, parameters

if TYPE_CHECKING:
    from collections.abc import Iterator

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

    `allow` holds modules, attributes of modules (`os.remove`) and builtins; `stub` makes parameter names known, so
    that one called `input` is not taken for the builtin.
    """
    uses = Uses.of(module)
    named = parameters(stub) if stub else frozenset()
    found: dict[str, None] = {}
    for place, tree in _parts(candidate):
        local = own(tree) | (named if place.endswith("body") else frozenset())
        scan = _Scan(uses=uses, allow=allow, local=local, modules=dict(uses.modules), bound=dict(uses.bindings))
        for part in candidate.imports:
            scan.learn(parsing.module(part))
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


@dataclass(slots=True)
class _Scan:
    """One pass over one piece of a candidate."""

    uses: Uses
    allow: frozenset[str]
    local: frozenset[str]
    modules: dict[str, str] = field(default_factory=dict)  # name -> module it stands for
    bound: dict[str, str] = field(default_factory=dict)  # name -> what was imported under it

    def learn(self, tree: ast.AST) -> None:
        """Take in what a piece of code imports."""
        self.modules |= module_names(tree)
        self.bound |= bindings(tree)

    def effects(self, tree: ast.AST) -> Iterator[tuple[str, int]]:
        """Every effect with its line, in the order of the text."""
        self.learn(tree)
        self.bound = {name: meant for name, meant in self.bound.items() if name not in self.local}
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
        for name in imported(node):
            parts = [f"{name}.{alias.name}" for alias in node.names] if isinstance(node, ast.ImportFrom) else []
            if not self._may_import(name) and not (parts and all(map(self._may_import, parts))):
                yield f"import of {name}"
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            hidden = (a.name for a in node.names if is_impure(a.name) and not self._may_import(a.name.lstrip("_")))
            # `from random import _os` is `import os` by another door.
            yield from (f"import of {node.module}.{name}" for name in hidden)
            yield from (f"import of {node.module}.{a.name}" for a in node.names if self._guarded(node, a))
        if isinstance(node, ast.ImportFrom):
            yield from (f"import of {node.module}.{alias.name}" for alias in node.names if self._refused(alias))

    def _guarded(self, node: ast.ImportFrom, alias: ast.alias) -> bool:
        return self._may_import(node.module or "") and not self._may_take(f"{node.module}.{alias.name}")

    def _may_take(self, name: str) -> bool:
        """Whether the dotted name is nothing of a guarded module, or something the user's module takes from it too."""
        module, taken = name.partition(".")[0], pair(name)
        known = self.uses.pairs | HARMLESS_PAIRS | self.allow
        return module not in GUARDED_MODULES or name == module or module in self.allow or taken in known

    def _refused(self, alias: ast.alias) -> bool:
        """Names that are refused as attributes are refused as imports, and none may come in under another name."""
        if alias.name in self.allow or alias.name in self.uses.bound:
            return False
        renamed = alias.name in _DYNAMIC and alias.asname not in (None, alias.name)
        return alias.name == "*" or alias.name in REFUSED_ATTRIBUTES | REFUSED_NAMES or renamed

    def _may_import(self, name: str) -> bool:
        roots = [name[: match.start()] for match in re.finditer(r"(?<=\w)\.", name)] + [name]
        known = PURE_MODULES | self.allow | self.uses.imports
        return any(root in known for root in roots) or any(entry.startswith(f"{name}.") for entry in self.allow)

    def _name(self, node: ast.Name, parent: ast.AST | None) -> Iterator[str]:
        name = node.id
        if name in self.local or not isinstance(node.ctx, ast.Load):
            return
        if name in self.modules and not isinstance(parent, ast.Attribute):
            yield f"module {name} used as a value"
        yield from self._path_module(node, parent)
        yield from self._passed_on(name, node, parent)
        refused = name in REFUSED_NAMES or (is_dunder(name) and name not in PLAIN_DUNDERS)
        if refused and name not in self.uses.names | self.uses.bound | self.allow:
            yield f"use of {name}"

    def _attribute(self, node: ast.Attribute, parent: ast.AST | None) -> Iterator[str]:
        name = node.attr
        if not isinstance(node.ctx, ast.Load):
            yield from self._patched(node, node.value)
        taken = chain(node, self.bound)
        if name == "register" and self._is_foreign(node.value):
            yield f"registration with {ast.unparse(node.value)}"
        if taken and not self._may_take(taken):
            yield f"attribute {pair(taken)}"
            return
        yield from self._path_module(node, parent)
        if name in self.uses.attributes | self.allow or (taken == pair(taken) and taken in HARMLESS_PAIRS | self.allow):
            return
        if name in PATH_WRITES and self._knows_paths():
            yield f"attribute {name}"
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
        """Whether this may be a module: what is read from one may be another one."""
        name = root(node)
        guarded = self.bound.get(name, "").partition(".")[0] in GUARDED_MODULES
        return (name in self.modules or guarded) and name not in self.local

    def _path_module(self, node: ast.expr, parent: ast.AST | None) -> Iterator[str]:
        """`os.path` is harmless and leads to `os`, so it may not hide behind another name."""
        if chain(node, self.bound) == "os.path" and not isinstance(parent, ast.Attribute):
            yield "module os.path used as a value"

    def _knows_paths(self) -> bool:
        return "pathlib" in self.uses.imports | self.allow or any(
            name.partition(".")[0] == "pathlib" for name in self.bound.values()
        )

    def _is_foreign(self, node: ast.expr) -> bool:
        """Whether to register something here changes what other code does: `singledispatch`, `ABC.register`."""
        name = root(node)
        if name in self.local or "register" in self.allow:
            return False
        if name in self.uses.registries:
            return not (isinstance(node, ast.Name) and self.uses.registries[name])
        return name in self.bound and "register" not in self.uses.attributes

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
            yield from self._dynamic(name, node.args[1] if len(node.args) > 1 else None, *node.args[:1])
            if name != "getattr" and node.args:
                yield from self._patched(ast.Attribute(node.args[0], "<any>", ast.Store()), node.args[0])
        elif name in {"attrgetter", "methodcaller"}:
            yield from self._dynamic(name, node.args[0] if node.args else None)
        elif name == "replace" and self._knows_paths() and _is_move(node) and not chain(node.func, self.bound):
            yield "attribute replace with one argument, as of a path"
        elif name == "type" and isinstance(node.func, ast.Name) and len(node.args) == 3:
            yield "class made by a call of type"

    def _dynamic(self, name: str, attribute: ast.expr | None, owner: ast.expr | None = None) -> Iterator[str]:
        if name in self.uses.names:
            return
        if not isinstance(attribute, ast.Constant) or not isinstance(attribute.value, str):
            yield f"{name} with a computed name"
        else:
            for part in attribute.value.split("."):
                owner = ast.Attribute(owner or ast.Name("_", ast.Load()), part, ast.Load())
                yield from self._attribute(owner, None)


def _constant_comparisons(node: ast.ClassDef) -> Iterator[str]:
    """A class whose comparison does not look at the other value would pass every assertion."""
    for statement in node.body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)) and statement.name in _COMPARISONS:
            returns = [n.value for n in ast.walk(statement) if isinstance(n, ast.Return) and n.value is not None]
            if returns and all(isinstance(value, ast.Constant) for value in returns):
                yield f"class {node.name} whose {statement.name} is a constant: its result would equal everything"
        elif isinstance(statement, (ast.Assign, ast.AnnAssign)) and not _is_none(statement.value):
            names = (name for name in binds(statement) if name in _COMPARISONS)
            yield from (f"class {node.name} whose {name} is assigned" for name in names)


def _is_move(node: ast.Call) -> bool:
    return len(node.args) == 1 and not node.keywords and not isinstance(node.args[0], ast.Starred)


def _is_none(value: ast.expr | None) -> bool:
    """`__hash__ = None` is how a class says that it cannot be hashed."""
    return isinstance(value, ast.Constant) and value.value is None
