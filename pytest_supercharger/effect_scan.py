"""One pass over a piece of code: what it does beyond computing a value, as far as its text shows."""

from __future__ import annotations

import ast
import builtins
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_supercharger import parsing
from pytest_supercharger.call_effects import called, changed, odd_call
from pytest_supercharger.class_effects import matched_attributes, odd_class
from pytest_supercharger.declared import Uses
from pytest_supercharger.dotted import bindings, chain, imported, module_names, pair, root
from pytest_supercharger.purity import (
    GUARDED_MODULES,
    HARMLESS_PAIRS,
    OURS,
    PATH_WRITES,
    PLAIN_DUNDERS,
    PURE_MODULES,
    PURE_SUBMODULES,
    REFUSED_ATTRIBUTES,
    REFUSED_NAMES,
    REFUSED_OF_PURE,
    is_dunder,
    is_impure,
)
from pytest_supercharger.text_effects import FORMATS, annotation_texts, bound_to, hidden_name, made_names, made_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Scan"]

_DYNAMIC = frozenset({"getattr", "setattr", "delattr", "attrgetter", "methodcaller"})
_PURE_ROOTS = frozenset(name.partition(".")[0] for name in PURE_MODULES) - GUARDED_MODULES


@dataclass(slots=True)
class Scan:
    """One pass over one piece of a candidate."""

    uses: Uses
    allow: frozenset[str]
    local: frozenset[str]
    modules: dict[str, str] = field(default_factory=dict)  # name -> module it stands for
    bound: dict[str, str] = field(default_factory=dict)  # name -> what was imported under it
    made: frozenset[str] = frozenset()  # names of text that is put together at run time
    excused: frozenset[ast.AST] = frozenset()  # modules that are handed to what is judged by itself
    aliases: frozenset[str] = frozenset()  # other names of what is not the candidate's own

    def learn(self, tree: ast.AST) -> None:
        """Take in what a piece of code imports."""
        self.modules |= module_names(tree)
        self.bound |= bindings(tree)

    def effects(self, tree: ast.AST) -> Iterator[tuple[str, int]]:
        """Every effect with its line, in the order of the text."""
        self.learn(tree)
        self.bound = {name: meant for name, meant in self.bound.items() if name not in self.local}
        self.made = made_names(tree)
        self.aliases = frozenset(
            target.id
            for value, target in bound_to(tree)
            if isinstance(target, ast.Name) and any(map(self._is_others, [value, *getattr(value, "elts", ())]))
        )
        parents = {child: node for node in parsing.walked(tree) for child in ast.iter_child_nodes(node)}
        for node in sorted(parsing.walked(tree), key=lambda n: (getattr(n, "lineno", 0), getattr(n, "col_offset", 0))):
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
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and hidden_name(node.value):
            yield f"string that names {hidden_name(node.value)}"
        elif isinstance(node, ast.ClassDef):
            yield from odd_class(node)
        elif isinstance(node, ast.MatchClass):
            yield from self._read(node.kwd_attrs)
        elif isinstance(node, ast.Assign) and any(root(target) == "__match_args__" for target in node.targets):
            yield from self._read(matched_attributes(node.value) or ())
        elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            yield from self._patched(node, node.value)
        for text in annotation_texts(node):
            yield from self._text(text)

    def _read(self, names: Iterable[str]) -> Iterator[str]:
        """What a pattern reads from a value whose class it does not know."""
        for name in names:
            yield from self._attribute(ast.Attribute(ast.Name("_", ast.Load()), name, ast.Load()), None)

    def _text(self, text: str) -> Iterator[str]:
        """What an annotation does that is written as text; one that is no code cannot run."""
        try:
            tree = parsing.module(text.strip())
        except (SyntaxError, ValueError):
            return
        parents = {child: node for node in parsing.walked(tree) for child in ast.iter_child_nodes(node)}
        for node in parsing.walked(tree):
            yield from self._of_node(node, parents.get(node))

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
        if name == module or module in self.allow or taken in self.uses.pairs | HARMLESS_PAIRS | self.allow:
            return True
        return not (module in GUARDED_MODULES or taken in REFUSED_OF_PURE or self._leaves(name))

    def _leaves(self, name: str) -> bool:
        """Whether a dotted name goes through a harmless module to what is none: `random._os`, `email.charset`."""
        first, *rest = name.split(".")
        if first not in _PURE_ROOTS:
            return False
        private = any(part.startswith("_") and not is_dunder(part) for part in rest)
        other = first not in PURE_MODULES | self.uses.imports and not any(
            f"{name}.".startswith(f"{module}.") or module.startswith(f"{name}.") for module in PURE_MODULES
        )
        return private or other

    def _refused(self, alias: ast.alias) -> bool:
        """Names that are refused as attributes are refused as imports, and none may come in under another name."""
        if alias.name in self.allow or alias.name in self.uses.bound:
            return False
        renamed = alias.name in _DYNAMIC and alias.asname not in (None, alias.name)
        inner = is_dunder(alias.name) and alias.name not in PLAIN_DUNDERS
        return alias.name == "*" or alias.name in REFUSED_ATTRIBUTES | REFUSED_NAMES or renamed or inner

    def _may_import(self, name: str) -> bool:
        known = self.allow | self.uses.imports
        if name in known | PURE_MODULES | PURE_SUBMODULES or any(entry.startswith(f"{name}.") for entry in self.allow):
            return True
        roots = [name[: match.start()] for match in re.finditer(r"(?<=\w)\.", name)]
        # To use a harmless package says nothing of its insides: `json.tool` opens files.
        return any(entry in known and (entry not in PURE_MODULES or entry in self.allow) for entry in roots)

    def _name(self, node: ast.Name, parent: ast.AST | None) -> Iterator[str]:
        name = node.id
        if name in self.local or not isinstance(node.ctx, ast.Load):
            return
        if name in self.modules and not isinstance(parent, ast.Attribute) and node not in self.excused:
            yield f"module {name} used as a value"
        yield from self._path_module(node, parent)
        yield from self._passed_on(name, node, parent)
        meant = self.bound.get(name, "")
        known = self.uses.imports | self.allow
        if meant.partition(".")[0] == OURS and known.isdisjoint({OURS, meant, meant.rpartition(".")[0]}):
            yield f"use of {meant}"
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
        if name in FORMATS and made_up(node.value, self.made) and not _has_plain_text(node, parent):
            yield f"{name} of a text made at run time"
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
        known = self.bound.get(name, "").partition(".")[0] in GUARDED_MODULES | _PURE_ROOTS
        return (name in self.modules or known) and name not in self.local

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
        if not isinstance(target, ast.Name) or target.id in self.allow:
            return
        foreign = target.id not in self.local and (target.id in self.modules or hasattr(builtins, target.id))
        # Filling a table of the user's module is ordinary; replacing an attribute of what it holds is not.
        if foreign or (isinstance(node, ast.Attribute) and (target.id in self.aliases or self._is_others(target))):
            yield f"assignment to {ast.unparse(node)}"

    def _is_others(self, node: ast.expr) -> bool:
        """Whether this names something that the user's module or an import holds."""
        return (
            isinstance(node, ast.Name) and node.id not in self.local and node.id in self.uses.bound | self.bound.keys()
        )

    def _call(self, node: ast.Call) -> Iterator[str]:
        name = called(node.func)
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
        else:
            yield from odd_call(node, self._meaning(node.func))
        given = changed(node, self._meaning)
        if given is not None:
            yield from self._patched(ast.Attribute(given, "<any>", ast.Store()), given)

    def _meaning(self, node: ast.expr) -> str:
        """The last name of what is called, without the alias of an import."""
        return chain(node, self.bound).rpartition(".")[2] or called(node)

    def _dynamic(self, name: str, attribute: ast.expr | None, owner: ast.expr | None = None) -> Iterator[str]:
        if name in self.uses.names:
            return
        if not isinstance(attribute, ast.Constant) or not isinstance(attribute.value, str):
            yield f"{name} with a computed name"
        else:
            if owner is None and not FORMATS.isdisjoint(attribute.value.split(".")):
                yield f"{name} of {attribute.value}"
            for part in attribute.value.split("."):
                owner = ast.Attribute(owner or ast.Name("_", ast.Load()), part, ast.Load())
                yield from self._attribute(owner, None)


def _has_plain_text(node: ast.Attribute, parent: ast.AST | None) -> bool:
    """Whether this is `str.format("...", x)`, whose text is judged as a text."""
    if not isinstance(parent, ast.Call) or parent.func is not node or ast.unparse(node.value) != "str":
        return False
    return bool(parent.args) and isinstance(parent.args[0], ast.Constant)


def _is_move(node: ast.Call) -> bool:
    return len(node.args) == 1 and not node.keywords and not isinstance(node.args[0], ast.Starred)
