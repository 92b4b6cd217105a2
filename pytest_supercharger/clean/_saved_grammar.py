"""The grammar of a saved test: what it may be made of, and nothing else.

A saved test runs on the user's machine. So this is a list of what is fine, not of what is not: one function below
imports, made of these nodes, with these names and attributes. Every value that such a test can hold is data, a function
of the tables, or something that the user's module defines.
"""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_supercharger.clean._names import imported
from pytest_supercharger.clean._saved_names import (
    ATTRIBUTES,
    BUILTINS,
    EXPECTED,
    ITEMS,
    MODULES,
    NEVER,
    PARAMETER,
    PYTEST,
)
from pytest_supercharger.clean._syntax import FunctionNode
from pytest_supercharger.dotted import bindings, chain
from pytest_supercharger.parsing import walked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_supercharger.clean._saved_module import Given

__all__ = ["unfit"]

_NODES = (
    # statements
    ast.FunctionDef, ast.AsyncFunctionDef, ast.Return, ast.Assign, ast.AugAssign, ast.For, ast.AsyncFor, ast.While,
    ast.If, ast.With, ast.AsyncWith, ast.Raise, ast.Try, ast.Assert, ast.Nonlocal, ast.Expr, ast.Pass, ast.Break,
    ast.Continue, ast.Delete,
    # expressions
    ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.Lambda, ast.IfExp, ast.Dict, ast.Set, ast.ListComp,
    ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Await, ast.Compare, ast.Call, ast.FormattedValue, ast.JoinedStr,
    ast.Constant, ast.Attribute, ast.Subscript, ast.Starred, ast.Name, ast.List, ast.Tuple, ast.Slice,
    # parts of them
    ast.arguments, ast.arg, ast.keyword, ast.comprehension, ast.ExceptHandler, ast.withitem, ast.expr_context,
    ast.boolop, ast.operator, ast.unaryop, ast.cmpop,
)  # fmt: skip
# What pytest, or Python, would take for something of theirs.
_MEANT = ("test", "Test", "pytest", "setup", "teardown", "load_tests", "_")
_CAPTURED = "capsys"
_MARKS = frozenset({"asyncio", "parametrize"})


def unfit(tree: ast.Module, given: Given) -> str:
    """Why this is no test to be saved: the first thing that the grammar lacks; "" where it is one."""
    *imports, function = tree.body
    if not isinstance(function, FunctionNode):
        return "there is no test function"
    found = [*_imports(imports, given)]
    if not found:
        found = [*_Reading(bound=bindings(tree), members=given.members, function=function).faults()][:1]
    return found[0] if found else ""


def _imports(nodes: list[ast.stmt], given: Given) -> Iterator[str]:
    names = given.names
    every = [bound for node in nodes for bound, _ in imported(node)]
    yield from (f"two imports of {name}" for name in every if every.count(name) > 1)
    for node in nodes:
        for bound, text in imported(node):
            origin, _, item = text.removeprefix("from ").partition(" import ")
            own = origin == given.module and item.partition(" as ")[0] in names
            module = text.removeprefix("import ").partition(" as ")[0]
            whole = text.startswith("import ") and (module in MODULES or text == "import pytest")
            listed = f"{origin}.{item.partition(' as ')[0]}" in ITEMS | {f"pytest.{name}" for name in PYTEST | {"mark"}}
            if not (own or whole or listed):
                yield f"{text}, which is not on the list"
            elif text != "import pytest" and (bound.startswith(_MEANT) or hasattr(builtins, bound)):
                yield f"{text}, which means something else in a file of tests"
        if not imported(node):
            yield "a statement beside the test"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """One test function with what its imports bind."""

    bound: dict[str, str]
    members: frozenset[str]
    function: ast.FunctionDef | ast.AsyncFunctionDef

    def faults(self) -> Iterator[str]:
        """Everything that is not of the grammar."""
        nodes = walked(self.function)
        local = {name for node in nodes for name in _binds(node)}
        parents = {child: node for node in nodes for child in ast.iter_child_nodes(node)}
        yield from self._signature()
        for node in nodes:
            yield from self._of_node(node, parents.get(node), parents, local)
        checks = any(isinstance(n, ast.Assert) or self._meant(n) in {"pytest.raises", "pytest.warns"} for n in nodes)
        if not checks:
            yield "it checks nothing"

    def _meant(self, node: ast.AST) -> str:
        return chain(node, self.bound) if isinstance(node, (ast.Name, ast.Attribute)) else ""

    def _of_node(
        self, node: ast.AST, parent: ast.AST | None, parents: dict[ast.AST, ast.AST], local: set[str]
    ) -> Iterator[str]:
        if not isinstance(node, _NODES):
            yield type(node).__name__
        for name in _binds(node):
            taken = name in self.bound or hasattr(builtins, name) or (name.startswith("_") and name.strip("_"))
            if taken and node is not self.function:
                yield f"another meaning of {name}"
        if isinstance(node, ast.Name):
            yield from self._name(node, parent, local)
        elif isinstance(node, ast.Attribute):
            yield from self._attribute(node, parent)
        elif isinstance(node, ast.Call):
            yield from self._call(node, parents)
        elif isinstance(node, ast.Delete):
            yield from ("del of a name" for target in node.targets if not isinstance(target, ast.Subscript))
        elif isinstance(node, FunctionNode) and node is not self.function:
            yield from (f"decorator {ast.unparse(d)}" for d in node.decorator_list)
        elif isinstance(node, ast.arguments):
            values = [*node.defaults, *(value for value in node.kw_defaults if value is not None)]
            yield from (f"default {ast.unparse(value)}" for value in values if not _is_plain(value))

    def _name(self, node: ast.Name, parent: ast.AST | None, local: set[str]) -> Iterator[str]:
        name, meant = node.id, self.bound.get(node.id, "")
        whole = isinstance(parent, ast.Attribute)
        if isinstance(node.ctx, ast.Load) and not (name in local or meant or name in BUILTINS | EXPECTED):
            yield f"name {name}"
        if (meant in MODULES or meant == "pytest") and not whole:
            yield f"module {name} as a value"
        if meant.startswith("pytest.") and not self._is_called(node, parent):
            yield f"{meant} as a value"
        if name == _CAPTURED and not (whole and getattr(parent, "attr", "") == "readouterr"):
            yield "capsys as a value"
        if name in EXPECTED and not (isinstance(parent, ast.Call) and self._meant(parent.func) == "pytest.raises"):
            yield f"name {name}"
        if name == "type" and not (isinstance(parent, ast.Call) and parent.func is node):
            yield "type as a value"

    def _attribute(self, node: ast.Attribute, parent: ast.AST | None) -> Iterator[str]:
        meant, before = self._meant(node), self._meant(node.value)
        if not isinstance(node.ctx, ast.Load):
            yield f"assignment to {ast.unparse(node)}"
        elif before == "pytest" or before.startswith("pytest."):
            if not self._is_called(node, parent):
                yield f"use of {meant}"
        elif before in MODULES:
            if meant not in ITEMS and not (meant in MODULES and isinstance(parent, ast.Attribute)):
                yield f"use of {meant}"
        elif node.attr == "replace" and not _is_of_values(node, parent):
            yield "replace as of a path"
        elif node.attr.startswith("_") or node.attr in NEVER or node.attr not in ATTRIBUTES | self.members:
            yield f"attribute {node.attr}"

    def _is_called(self, node: ast.expr, parent: ast.AST | None) -> bool:
        """Whether something of pytest stands where it belongs: called on the spot, or a mark of the test."""
        meant = self._meant(node)
        if meant.startswith("pytest.mark"):
            marks = (d.func if isinstance(d, ast.Call) else d for d in self.function.decorator_list)
            return any(node in {mark, getattr(mark, "value", None)} for mark in marks)
        return meant.removeprefix("pytest.") in PYTEST and isinstance(parent, ast.Call) and parent.func is node

    def _call(self, node: ast.Call, parents: dict[ast.AST, ast.AST]) -> Iterator[str]:
        meant = self._meant(node.func)
        names = {k.arg for k in node.keywords}
        yield from (f"argument {name}" for name in names if name and name.startswith("_"))
        if meant.startswith("pytest."):
            starred = any(isinstance(a, ast.Starred) for a in node.args) or None in names
            if starred or not names <= {"match", "ids", "id", "rel", "abs", "nan_ok"}:
                yield f"{meant} with {', '.join(sorted(n for n in names if n)) or 'a star'}"
        if isinstance(node.func, ast.Name) and node.func.id == "type":
            # Of a class it gives `type` itself, which makes classes.
            compared = isinstance(parents.get(node), ast.Compare)
            if len(node.args) != 1 or node.keywords or isinstance(node.args[0], ast.Starred) or not compared:
                yield "type beside a comparison"

    def _signature(self) -> Iterator[str]:
        given = {_CAPTURED}
        for mark in self.function.decorator_list:
            name = self._meant(mark.func if isinstance(mark, ast.Call) else mark)
            if name.removeprefix("pytest.mark.") not in _MARKS or not name.startswith("pytest.mark."):
                yield f"decorator {ast.unparse(mark)}"
            elif name == "pytest.mark.asyncio":
                if isinstance(mark, ast.Call) and (mark.args or mark.keywords):
                    yield f"decorator {ast.unparse(mark)}"
            elif not isinstance(mark, ast.Call) or len(mark.args) != 2 or not _argnames(mark.args[0]):
                yield f"decorator {ast.unparse(mark)}"
            else:
                given |= _argnames(mark.args[0])
        taken = self.function.args
        odd = [*taken.posonlyargs, *taken.kwonlyargs, taken.vararg, taken.kwarg]
        if any(odd) or taken.defaults:
            yield "arguments of another kind"
        yield from (f"argument {a.arg}" for a in taken.args if a.arg not in given)
        # A parameter takes the place of a fixture of its name, also for other fixtures that use that one.
        yield from (f"parameter {name}" for name in sorted(given - {_CAPTURED}) if not name.startswith(PARAMETER))


def _is_of_values(node: ast.Attribute, parent: ast.AST | None) -> bool:
    """Whether this is `replace` of texts or dates: with one argument, that of a path moves a file."""
    if not isinstance(parent, ast.Call) or parent.func is not node:
        return False
    names = {k.arg for k in parent.keywords}
    if any(isinstance(a, ast.Starred) for a in parent.args) or not names.isdisjoint({None, "target"}):
        return False
    return len(parent.args) >= 2 or (not parent.args and bool(names))


def _argnames(node: ast.expr) -> set[str]:
    parts = node.elts if isinstance(node, (ast.List, ast.Tuple)) else [node]
    texts = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return {name.strip() for text in texts for name in text.split(",")} if len(texts) == len(parts) else set()


def _binds(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ExceptHandler)) and node.name:
        yield node.name


def _is_plain(node: ast.expr) -> bool:
    inner = node.operand if isinstance(node, ast.UnaryOp) else node
    return isinstance(inner, ast.Constant) or (isinstance(inner, ast.Tuple) and not inner.elts)
