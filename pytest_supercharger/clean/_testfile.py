"""An answer with tests as a tree: what is refused in it, which names are the user's, its test functions."""

from __future__ import annotations

import ast

from pytest_supercharger.clean._names import bound_names, imported
from pytest_supercharger.clean._stdlib import NETWORK_MODULES, is_stdlib
from pytest_supercharger.clean._syntax import FunctionNode
from pytest_supercharger.clean._unittest import functions_of
from pytest_supercharger.domain import Rejection, Stub, StubKind

__all__ = ["cases", "network", "own_imports_removed", "refusal", "why_not_case"]

_TEST_PACKAGES = frozenset({"pytest", "hypothesis", "mock", "anyio", "numpy", "pandas", "dateutil", "freezegun"})
_FIXTURES = frozenset(
    {
        "cache",
        "caplog",
        "capfd",
        "capfdbinary",
        "capsys",
        "capsysbinary",
        "monkeypatch",
        "recwarn",
        "request",
        "tmp_path",
        "tmp_path_factory",
        "tmpdir",
    }
)


def refusal(tree: ast.Module, stub: Stub) -> Rejection | None:
    """Return why nothing of this answer may run as a test."""
    for node in tree.body:
        if "pytest_plugins" in bound_names(node) or any("conftest" in text for _, text in imported(node)):
            return Rejection(reason="pytest hooks", detail="plugins and conftest files are not for tests to choose")
        if stub.root_name in bound_names(node) and not imported(node):
            return Rejection(reason="redefines the stub", detail=stub.root_name)
    for found in ast.walk(tree):
        if hooks := [name for name in _bound(found) if name.startswith("pytest_")]:
            return Rejection(reason="pytest hooks", detail=hooks[0])
        if _replaces(found, stub):
            return Rejection(reason="redefines the stub", detail=stub.qualname)
    return None


def _bound(node: ast.AST) -> list[str]:
    """The names that this node gives a meaning, in whatever scope."""
    if isinstance(node, ast.alias):
        return [node.asname or node.name]
    if isinstance(node, ast.Name):
        return [] if isinstance(node.ctx, ast.Load) else [node.id]
    if isinstance(node, ast.Global):
        return node.names
    return [name for key in ("name", "rest") if isinstance(name := getattr(node, key, None), str)]


def network(tree: ast.Module) -> str:
    """Return the module that a test imports for the network, "" where there is none."""
    statements = (node for node in ast.walk(tree) if isinstance(node, ast.stmt))
    modules = (text.split()[1] for statement in statements for _, text in imported(statement))
    return next((m for m in modules if m.partition(".")[0] in NETWORK_MODULES or m == "urllib.request"), "")


def _replaces(node: ast.AST, stub: Stub) -> bool:
    """Tell whether a node puts something else in the stub's place: an attribute, `monkeypatch`, `patch`, `global`."""
    if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load) and node.attr == stub.name:
        # An object does not lose its property by that: its setter or deleter runs.
        of_object = isinstance(node.value, ast.Name) and node.value.id != stub.root_name
        return not (stub.kind is StubKind.PROPERTY and of_object)
    if isinstance(node, ast.Global):
        return stub.root_name in node.names
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        texts = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        patches = called in {"setattr", "patch", "object", "delattr"}
        return patches and any(stub.name in text.split(".") for text in texts)
    return False


def own_imports_removed(tree: ast.Module, stub: Stub, names: frozenset[str]) -> ast.Module:
    """Return the tree without its guesses at where the user's module is; `module.f` becomes `f`, an alias its name."""
    remover = _Own(stub, names)
    removed: ast.Module = remover.visit(tree)
    renamed: ast.Module = _Rename(remover.aliases, remover.modules, names).visit(removed)
    if stub.kind is StubKind.METHOD and stub.name not in names:
        renamed = _Bound(stub.name).visit(renamed)
    return ast.fix_missing_locations(renamed)


class _Own(ast.NodeTransformer):
    def __init__(self, stub: Stub, names: frozenset[str]) -> None:
        self.stub, self.names = stub, names
        self.aliases: dict[str, str] = {}
        self.modules: set[str] = set()

    def _own(self, origin: str) -> bool:
        if origin in {self.stub.module, self.stub.module.rpartition(".")[2]}:
            return True
        return not is_stdlib(origin) and origin.partition(".")[0] not in _TEST_PACKAGES | NETWORK_MODULES

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt | None:
        origin = "." * node.level + (node.module or "")
        if origin == "__future__":
            return None
        if not self._own(origin):
            return node
        kept: list[ast.alias] = []
        for alias in node.names:
            if alias.name in self.names or alias.name == "*":
                if alias.asname:
                    self.aliases[alias.asname] = alias.name
            elif self.stub.module.endswith(alias.name):  # from shop import cart
                self.modules.add(alias.asname or alias.name)
            else:
                kept.append(alias)
        return (
            ast.copy_location(ast.ImportFrom(module=node.module, names=kept, level=node.level), node) if kept else None
        )

    def visit_Import(self, node: ast.Import) -> ast.stmt | None:
        own = [a for a in node.names if self._own(a.name)]
        self.modules.update(a.asname or a.name for a in own)
        kept = [a for a in node.names if not self._own(a.name)]
        return ast.copy_location(ast.Import(names=kept), node) if kept else None

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if isinstance(node, FunctionNode | ast.ClassDef | ast.With | ast.For | ast.If | ast.Try) and not node.body:
            node.body = [ast.Pass()]
        return node


class _Rename(ast.NodeTransformer):
    def __init__(self, aliases: dict[str, str], modules: set[str], names: frozenset[str]) -> None:
        self.aliases, self.modules, self.names = aliases, modules, names

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self.aliases.get(node.id, node.id)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if node.attr in self.names and _dotted(node.value) in self.modules:
            return ast.copy_location(ast.Name(id=node.attr, ctx=node.ctx), node)
        self.generic_visit(node)
        return node


class _Bound(ast.NodeTransformer):
    """Rewrites `total(cart, 0.1)` to `cart.total(0.1)`: small models take a method for a function."""

    def __init__(self, name: str) -> None:
        self.name = name

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == self.name and node.args:
            node.func = ast.Attribute(value=node.args.pop(0), attr=self.name, ctx=ast.Load())
        return node


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return f"{_dotted(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else "?"


def cases(tree: ast.Module) -> list[FunctionNode]:
    """Return the test functions, those of stateless test classes and a function made of bare asserts included."""
    found: list[FunctionNode] = []
    bare: list[ast.stmt] = []
    for node in tree.body:
        if isinstance(node, FunctionNode):
            found += [node] if node.name.startswith("test") else []
        elif isinstance(node, ast.ClassDef):
            found += functions_of(node)
        elif not imported(node):
            bare.append(node)
    if any(isinstance(n, ast.Assert) for statement in bare for n in ast.walk(statement)) and not found:
        empty = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
        made = ast.FunctionDef(name="test_bare", args=empty, body=bare, decorator_list=[])
        found.append(ast.fix_missing_locations(ast.copy_location(made, bare[0])))
    return found


def why_not_case(case: FunctionNode, stub: Stub, fixtures: set[str]) -> Rejection | None:
    """Return why one test function is refused."""
    arguments = [a.arg for a in (*case.args.posonlyargs, *case.args.args, *case.args.kwonlyargs)]
    inner = {n.name for n in ast.walk(case) if isinstance(n, FunctionNode | ast.ClassDef)} - {case.name}
    bound = {n.id for n in ast.walk(case) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    if stub.root_name in {*inner, *bound, *arguments}:
        return Rejection(reason="redefines the stub", detail=stub.root_name)
    marks = {n.attr for d in case.decorator_list for n in ast.walk(d) if isinstance(n, ast.Attribute)}
    calls = {n.func.attr for n in ast.walk(case) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)}
    if {"skip", "skipif", "xfail"} & marks or {"skip", "xfail", "importorskip", "skipTest"} & calls:
        return Rejection(reason="skipped test", detail=case.name)
    given = {n.value for d in case.decorator_list for n in ast.walk(d) if isinstance(n, ast.Constant)}
    known = {part.strip() for text in given if isinstance(text, str) for part in text.split(",")}
    known |= {k.arg for d in case.decorator_list if isinstance(d, ast.Call) for k in d.keywords if k.arg}
    defaults = len(case.args.defaults)
    required = arguments[: len(case.args.posonlyargs) + len(case.args.args) - defaults]
    # `@given(...)` and `@patch(...)` hand arguments over by position.
    by_position = any(_decorator(d) in {"given", "patch", "object"} for d in case.decorator_list)
    unknown = [a for a in required if a not in known | fixtures | _FIXTURES]
    if unknown and not by_position:
        return Rejection(reason="unknown fixture", detail=unknown[0])
    return None


def _decorator(node: ast.expr) -> str:
    target = node.func if isinstance(node, ast.Call) else node
    return target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
