"""Whether an answer's definition can take the stub's place: same parameters and kind, a body, no decorator needed."""

from __future__ import annotations

import ast
import copy

from pytest_supercharger.clean._syntax import FunctionNode, parse, unparse, without_docstring
from pytest_supercharger.domain import Rejection, Stub, StubKind

__all__ = ["definition", "is_empty", "stub_arguments", "why_not"]

# Without these a function computes the same; all others may be what makes the answer work.
_HARMLESS = frozenset(
    {"beartype", "cache", "final", "jit", "lru_cache", "memoize", "memoized", "njit", "no_type_check", "override"}
    | {"supercharge", "typechecked"}
)
_OF_KIND = {
    StubKind.CLASS_METHOD: "classmethod",
    StubKind.STATIC_METHOD: "staticmethod",
    StubKind.PROPERTY: "property",
}


def definition(tree: ast.Module, stub: Stub) -> FunctionNode | None:
    """Return the definition of the stub in an answer; for a method also a bare `def` outside of any class.

    Where an answer defines it several times the last one with a body counts, as it would for Python. For a function
    also `f = lambda n: n`, `f = other`, and a method that does without its class.
    """
    owner, _, name = stub.qualname.rpartition(".")
    places: list[list[ast.stmt]] = [tree.body]
    if owner:
        classes = [n for n in ast.walk(tree) if isinstance(n, ast.ClassDef)]
        named = [c for c in classes if c.name == owner.rpartition(".")[2]]
        places = [c.body for c in named] or [tree.body, *(c.body for c in classes)]
        if tree.body not in places:
            places.append(tree.body)
    for body in places:
        if found := _last_filled(body, name):
            return found
    return None if owner else _assigned(tree, name) or _grouped(tree, name)


def _last_filled(body: list[ast.stmt], name: str) -> FunctionNode | None:
    found = [n for n in body if isinstance(n, FunctionNode) and n.name == name]
    return next((n for n in reversed(found) if not is_empty(n)), found[-1] if found else None)


def _assigned(tree: ast.Module, name: str) -> FunctionNode | None:
    """Return the function that a top-level assignment gives the name to."""
    for node in reversed(tree.body):
        if not isinstance(node, ast.Assign) or [getattr(t, "id", "") for t in node.targets] != [name]:
            continue
        if isinstance(node.value, ast.Name):
            return _last_filled(tree.body, node.value.id)
        if isinstance(node.value, ast.Lambda):
            returned = ast.copy_location(ast.Return(value=node.value.body), node.value.body)
            made = ast.FunctionDef(name=name, args=node.value.args, body=[returned], decorator_list=[])
            return ast.fix_missing_locations(ast.copy_location(made, node))
    return None


def _grouped(tree: ast.Module, name: str) -> FunctionNode | None:
    """Return the function out of a class that only groups (`class Solution`), without `self`."""
    for owner in (n for n in tree.body if isinstance(n, ast.ClassDef)):
        found = _last_filled(owner.body, name)
        if found is None or not found.args.args:
            continue
        if any(_name(d) == "staticmethod" for d in found.decorator_list):
            return _without(found, found.args.args)
        receiver, *rest = found.args.args
        used = any(isinstance(n, ast.Name) and n.id == receiver.arg for n in ast.walk(found))
        return found if used or receiver.arg not in {"self", "cls"} else _without(found, rest)
    return None


def _without(found: FunctionNode, arguments: list[ast.arg]) -> FunctionNode:
    changed = copy.copy(found)
    changed.args = copy.copy(found.args)
    changed.args.args = arguments
    changed.decorator_list = [d for d in found.decorator_list if _name(d) not in {"staticmethod", "classmethod"}]
    return changed


def is_empty(node: FunctionNode) -> bool:
    """Tell whether the body says nothing: `pass`, `...`, a docstring, or `raise NotImplementedError`."""
    return all(_says_nothing(statement) for statement in without_docstring(node.body))


def _says_nothing(node: ast.stmt) -> bool:
    if isinstance(node, ast.Raise) and node.exc is not None:
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        return isinstance(raised, ast.Name) and raised.id in {"NotImplementedError", "StubNotFilled"}
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def stub_arguments(stub: Stub) -> ast.arguments | None:
    """Return the parameters of the stub; None when its signature does not parse."""
    tree = parse(stub.signature.rstrip().removesuffix(":") + ": pass")
    node = tree.body[0] if tree is not None and len(tree.body) == 1 else None
    return node.args if isinstance(node, FunctionNode) else None


def why_not(node: FunctionNode, stub: Stub, module: ast.Module) -> Rejection | None:
    """Return the reason why this definition cannot take the stub's place; None when it can."""
    if isinstance(node, ast.AsyncFunctionDef) != stub.is_async:
        is_, due = ("async def", "def") if not stub.is_async else ("def", "async def")
        return Rejection(reason="another signature", detail=f"{is_} where the stub is {due}")
    wanted = stub_arguments(stub)
    if wanted is not None and _shape(node.args) != _shape(wanted):
        return Rejection(
            reason="another signature", detail=f"({_text(node.args)}) where the stub has ({_text(wanted)})"
        )
    if is_empty(node):
        return Rejection(reason="empty body")
    here = {_name(d) for d in _decorators(module, stub)} | {_OF_KIND.get(stub.kind, "")}
    foreign = [d for d in node.decorator_list if _name(d) not in _HARMLESS | here]
    if foreign:
        return Rejection(reason="needs a decorator", detail=unparse(foreign[0]).strip())
    return None


def _shape(arguments: ast.arguments) -> tuple[object, ...]:
    return (
        [a.arg for a in arguments.posonlyargs],
        [a.arg for a in arguments.args],
        arguments.vararg and arguments.vararg.arg,
        [a.arg for a in arguments.kwonlyargs],
        arguments.kwarg and arguments.kwarg.arg,
        len(arguments.defaults),
        [d is None for d in arguments.kw_defaults],
    )


def _text(arguments: ast.arguments) -> str:
    return " ".join(unparse(arguments).split())


def _name(decorator: ast.expr) -> str:
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    return target.attr if isinstance(target, ast.Attribute) else target.id if isinstance(target, ast.Name) else ""


def _decorators(module: ast.Module, stub: Stub) -> list[ast.expr]:
    body = module.body
    for part in stub.qualname.split("."):
        nodes = [n for n in body if isinstance(n, FunctionNode | ast.ClassDef) and n.name == part]
        if not nodes:
            return []
        # An overloaded or redefined name: the stub is the last.
        body = nodes[-1].body
    return nodes[-1].decorator_list
