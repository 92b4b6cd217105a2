"""From a parsed answer to the parts a stub needs: its body, helpers, imports; everything else is left out."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pytest_supercharger.clean._body import body_text
from pytest_supercharger.clean._names import BUILTINS, Uses, bound_names, imported, uses
from pytest_supercharger.clean._signature import definition, why_not
from pytest_supercharger.clean._stdlib import import_for, is_stdlib, namesake, star_import
from pytest_supercharger.clean._surroundings import surroundings
from pytest_supercharger.clean._syntax import FunctionNode, parse, segment
from pytest_supercharger.domain import Rejection, Stub

__all__ = ["Pieces", "prune"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """What is kept of an answer, as source text with its comments."""

    body: str  # dedented, without the docstring, newline at the end
    imports: tuple[str, ...] = ()
    helpers: tuple[str, ...] = ()


def prune(source: str, stub: Stub, module_source: str) -> Pieces | Rejection:
    """Return the parts of `source` that the stub needs in `module_source`, or why it cannot be used."""
    tree, around = parse(source), surroundings(module_source)
    if tree is None:
        return Rejection(reason="does not parse")
    node = definition(tree, stub)
    if node is None:
        return Rejection(reason="no definition", detail=f"the answer does not define {stub.qualname}")
    refused = why_not(node, stub, around.tree) or _missing_members(tree, node, stub, around.members)
    if refused is not None:
        return refused
    body = body_text(source, node)
    if body is None:
        return Rejection(reason="does not parse", detail="the body has no text of its own")
    needs = _Needs(tree=tree, node=node, stub=stub, known=around.names, lines=source.split("\n"))
    return needs.pieces(body)


@dataclass(slots=True, kw_only=True)
class _Needs:
    """Follows names from the stub's body through the answer's own definitions."""

    tree: ast.Module
    node: FunctionNode
    stub: Stub
    known: Mapping[str, str]  # the module's names
    lines: list[str]
    imports: dict[str, None] = field(default_factory=dict)  # ordered set
    local: dict[str, None] = field(default_factory=dict)  # imports that clash with the module: into the body
    kept: set[ast.stmt] = field(default_factory=set)
    refused: Rejection | None = None
    binds: dict[str, list[ast.stmt]] = field(default_factory=dict)  # name -> the top-level statements that bind it
    offers: dict[str, str] = field(default_factory=dict)  # name -> the answer's import of it
    fills: dict[str, list[ast.stmt]] = field(default_factory=dict)  # name -> the statements that fill its object

    def pieces(self, body: str) -> Pieces | Rejection:
        self._read()
        self._resolve(self._body_uses(), in_body=True)
        if self.refused is not None:
            return self.refused
        kept = [n for n in self.tree.body if n in self.kept]
        shadowed = sorted(set().union(*map(bound_names, kept)) & BUILTINS) if kept else []
        if shadowed:
            # At module level it would change what the user's other functions call.
            return Rejection(reason="shadows a builtin", detail=shadowed[0])
        return Pieces(
            body="".join(f"{line}\n" for line in self.local) + body,
            imports=tuple(self.imports),
            helpers=tuple(segment(self.lines, n) for n in kept),
        )

    def _read(self) -> None:
        """Note once what each top-level statement of the answer gives."""
        for node in self.tree.body:
            for name in bound_names(node):
                self.binds.setdefault(name, []).append(node)
            for name, statement in imported(node):
                if not statement.startswith("from __future__"):
                    self.offers.setdefault(name, statement)
            if not isinstance(node, FunctionNode | ast.ClassDef) and not imported(node) and not _main_guard(node):
                for name in _filled(node):
                    self.fills.setdefault(name, []).append(node)

    def _resolve(self, used: Uses, *, in_body: bool) -> None:
        for name in sorted(used.names):
            if self.refused is not None:
                return
            offered = self.offers.get(name, "")
            if name in self.known:
                self._known(name, used, self.known[name], offered, in_body=in_body)
            elif offered and not self._own_module(offered):
                self.imports[offered] = None
            elif not self._helper(name):
                self._builtin_or_stdlib(name, used)

    def _known(self, name: str, used: Uses, ours: str, offered: str, *, in_body: bool) -> None:
        """Take a name from the module, unless the answer means something else by it."""
        theirs = offered if offered and is_stdlib(_origin(offered)) else ""
        if not offered and is_stdlib(_origin(ours) if ours else "."):
            theirs = namesake(ours, name, used.attributes.get(name, frozenset()), plain=not used.dotted_only(name))
            if name in self.binds:
                self._clash(name)
        if theirs and theirs != ours:
            if in_body:
                self.local[theirs] = None
            else:
                self._clash(name)

    def _clash(self, name: str) -> None:
        self.refused = Rejection(reason="name clash", detail=f"{name}, which the module uses for something else")

    def _own_module(self, statement: str) -> bool:
        origin = _origin(statement)
        return origin == self.stub.module or (not is_stdlib(origin) and origin == self.stub.module.rpartition(".")[2])

    def _helper(self, name: str) -> bool:
        """Keep the answer's top-level statements that define or fill `name`; False when there are none."""
        own = self.node if self.node.name == self.stub.name else None  # not where `f = other` gave it its name
        found = [n for n in self.binds.get(name, ()) if n is not own and not imported(n) and not _main_guard(n)]
        if not found or name == self.stub.root_name:
            return False
        found += [n for n in self.fills.get(name, ()) if n not in found]
        for node in found:
            if node not in self.kept:
                self.kept.add(node)
                self._resolve(uses([node]), in_body=False)
        return True

    def _builtin_or_stdlib(self, name: str, used: Uses) -> None:
        if name in BUILTINS or "*" in self.known:
            return
        found = next(filter(None, (star_import(m, name) for m in self._stars())), None)
        found = found or import_for(
            name, used.attributes.get(name, frozenset()), only_attributes=used.dotted_only(name)
        )
        if found is None:
            self.refused = Rejection(reason="undefined name", detail=name)
        else:
            self.imports[found] = None

    def _body_uses(self) -> Uses:
        """Return what the body needs: annotations, defaults and decorators are the stub's own, already in the file."""
        node, name = self.node, self.stub.name
        plain = [ast.arg(arg=a.arg) for a in (*node.args.posonlyargs, *node.args.args)]
        arguments = ast.arguments(
            posonlyargs=[],
            args=plain,
            vararg=node.args.vararg and ast.arg(arg=node.args.vararg.arg),
            kwonlyargs=[ast.arg(arg=a.arg) for a in node.args.kwonlyargs],
            kw_defaults=[None for _ in node.args.kwonlyargs],
            kwarg=node.args.kwarg and ast.arg(arg=node.args.kwarg.arg),
            defaults=[],
        )
        bare = type(node)(name="__stub__", args=arguments, body=node.body, decorator_list=[])
        used = uses([ast.fix_missing_locations(ast.copy_location(bare, node))])
        # A function may call itself, a method does not see its own bare name; `random.random()` under `import random`
        # means the module, whatever the stub is called.
        meant = used.dotted_only(name) and self.offers.get(name, "")
        calls_itself = "." not in self.stub.qualname and name in used.names and not meant
        return replace(used, names=used.names - {name}) if calls_itself else used

    def _stars(self) -> list[str]:
        return [_origin(text) for node in self.tree.body for bound, text in imported(node) if bound == "*"]


def _main_guard(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and any(isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(node.test))


def _filled(node: ast.stmt) -> set[str]:
    """Return the names whose objects a top-level statement changes (`TABLE["a"] = 1`, a loop that appends)."""
    found: set[str] = set()
    for part in ast.walk(node):
        stored = isinstance(part, ast.Subscript | ast.Attribute) and not isinstance(part.ctx, ast.Load)
        owner = part.func if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) else part
        if (stored or owner is not part) and isinstance(owner, ast.Subscript | ast.Attribute):
            found |= {owner.value.id} if isinstance(owner.value, ast.Name) else set()
    return found if found and not _prints(node) else set()


def _prints(node: ast.stmt) -> bool:
    return any(
        isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "print" for n in ast.walk(node)
    )


def _origin(statement: str) -> str:
    return statement.split()[1]


def _missing_members(tree: ast.Module, node: FunctionNode, stub: Stub, ours: frozenset[str]) -> Rejection | None:
    """Reject a method that leans on another method only the answer's class has: there is no place to put it."""
    if "." not in stub.qualname or not node.args.args:
        return None
    receiver = node.args.args[0].arg
    theirs = {
        name
        for owner in ast.walk(tree)
        if isinstance(owner, ast.ClassDef) and node in owner.body
        for name in set().union(*map(bound_names, owner.body))
    }
    missing = theirs - ours
    read = [n for n in ast.walk(node) if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name)]
    for found in read:
        if isinstance(found.value, ast.Name) and found.value.id == receiver and found.attr in missing:
            return Rejection(reason="needs another method", detail=f"{receiver}.{found.attr}")
    return None
