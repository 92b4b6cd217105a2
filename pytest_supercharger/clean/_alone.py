"""A generated test as one function that needs nothing beside it but imports: it means the same in any file."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from pytest_supercharger import parsing
from pytest_supercharger.clean._names import bound_names, imported, uses
from pytest_supercharger.clean._saved_names import PARAMETER
from pytest_supercharger.clean._syntax import FunctionNode, parse, unparse, without_docstring
from pytest_supercharger.parsing import copied, walked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["alone"]

# What pytest looks for in a module.
_MEANT = ("test", "Test", "pytest", "setup", "teardown", "load_tests", "__", "collect_ignore")


def alone(tree: ast.Module, function: FunctionNode) -> ast.Module | str:
    """The imports and the function, which holds the constants and functions that it needs; or why that is not possible.

    Annotations are left out, and imports that nothing needs then. The tree may be changed.
    """
    others = [node for node in without_docstring(tree.body) if node is not function and not _is_future(node)]
    others += [node for node in function.body if imported(node)]
    function.body = [node for node in function.body if not imported(node)]
    constants = _inlined(others, function)
    inner = [node for node in others if not imported(node) and node not in constants]
    why = _why_not(inner, function)
    if why:
        return why
    function.body = [*inner, *without_docstring(function.body)] or [ast.Pass()]
    why = _renamed(function)
    if why:
        return why
    made: ast.Module = _Plain().visit(ast.Module(body=[function], type_ignores=[]))
    _mark_waiting(function)
    needed = uses([function]).names
    imports = [text for node in others for name, text in imported(node) if name in needed]
    if "pytest" in needed and "import pytest" not in imports:
        imports.append("import pytest")
    # What is judged is what will be read: not a tree that no text gives.
    again = parse("\n".join([*imports, unparse(made)]))
    return again if again is not None else "Python cannot write it down again"


def _why_not(inner: Sequence[ast.stmt], function: FunctionNode) -> str:
    every = [name for node in inner for name in bound_names(node)]
    own = {n.arg for n in walked(function) if isinstance(n, ast.arg)}
    own |= {name for node in function.body for name in bound_names(node)}
    read = {n.id for d in function.decorator_list for n in walked(d) if isinstance(n, ast.Name)}
    for node in inner:
        if not isinstance(node, (ast.Assign, ast.AnnAssign, ast.FunctionDef, ast.AsyncFunctionDef)):
            return f"{type(node).__name__} beside the test"
        if getattr(node, "decorator_list", []):
            return "a decorator beside the test"
        for name in bound_names(node):
            if name.startswith(_MEANT):
                return f"{name}, which means something to pytest"
            if every.count(name) > 1 or name in own:
                return f"two meanings of {name}"
            if name in read:
                return f"a decorator that reads {name}"
    return ""


def _inlined(nodes: Sequence[ast.stmt], function: FunctionNode) -> list[ast.stmt]:
    """The constants that only the decorators read, which now say what they are."""
    found: dict[str, ast.Assign] = {}
    for node in nodes:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            body = [n for other in (*nodes, *function.body) if other is not node for n in walked(other)]
            if not any(isinstance(n, ast.Name) and n.id == name for n in body):
                found[name] = node
    replacer = _Inlined(found)
    function.decorator_list = [replacer.visit(decorator) for decorator in function.decorator_list]
    return [found[name] for name in replacer.used]


def _renamed(function: FunctionNode) -> str:
    """Give the parameters names that no fixture has; why that is not possible, "" where it is done."""
    calls = [d for d in function.decorator_list if isinstance(d, ast.Call) and d.args]
    marks = [d for d in calls if isinstance(d.func, ast.Attribute) and d.func.attr == "parametrize"]
    texts = [n for mark in marks for n in walked(mark.args[0]) if isinstance(n, ast.Constant)]
    names = {name.strip() for text in texts for name in str(text.value).split(",")}
    bound = [n.arg for n in walked(function) if isinstance(n, ast.arg)]
    called = {
        n.name for n in walked(function) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ExceptHandler))
    }
    named = {n.id for n in walked(function) if isinstance(n, ast.Name)}
    for name in sorted(names):
        if bound.count(name) != 1 or name in called or f"{PARAMETER}{name}" in {*bound, *named, *called}:
            return f"two meanings of {name}"
    for text in texts:
        text.value = ", ".join(f"{PARAMETER}{name.strip()}" for name in str(text.value).split(","))
    for node in walked(function):
        if isinstance(node, ast.arg) and node.arg in names:
            node.arg = f"{PARAMETER}{node.arg}"
        elif isinstance(node, ast.Name) and node.id in names:
            node.id = f"{PARAMETER}{node.id}"
        elif isinstance(node, ast.Nonlocal):
            node.names = [f"{PARAMETER}{name}" if name in names else name for name in node.names]
    return ""


def _mark_waiting(function: FunctionNode) -> None:
    marks = {n.attr for d in function.decorator_list for n in walked(d) if isinstance(n, ast.Attribute)}
    if isinstance(function, ast.AsyncFunctionDef) and "asyncio" not in marks:
        function.decorator_list.append(parsing.expression("pytest.mark.asyncio").body)


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


class _Inlined(ast.NodeTransformer):
    def __init__(self, constants: Mapping[str, ast.Assign]) -> None:
        self.constants = constants
        self.used: set[str] = set()

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.constants:
            return node
        self.used.add(node.id)
        return copied(self.constants[node.id].value)


class _Plain(ast.NodeTransformer):
    """Takes the annotations away: they are code as well, and mean nothing to a test."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        self.generic_visit(node)
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        return ast.copy_location(ast.Assign(targets=[node.target], value=node.value), node)
