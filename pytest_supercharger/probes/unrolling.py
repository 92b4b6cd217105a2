"""Turn parametrisations, literal loops and plain fixtures into assignments."""

from __future__ import annotations

import ast
import itertools
from typing import TYPE_CHECKING

from pytest_supercharger.probes.making import is_literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["cases", "fixture_setup", "is_fixture", "loop_rounds"]

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def cases(function: _Function) -> Iterator[list[ast.stmt]]:
    """One list of assignments for each case of the function's `parametrize` marks; one empty list without marks."""
    marks = [d for d in function.decorator_list if isinstance(d, ast.Call) and _is_parametrize(d)]
    for combination in itertools.product(*(list(_rows(mark)) for mark in marks)):
        yield [assignment for row in combination for assignment in row]


def loop_rounds(loop: ast.For, before: Sequence[ast.stmt]) -> Iterator[list[ast.stmt]]:
    """One list of assignments for each round of a loop over values that are written out."""
    iterable = _looked_up(loop.iter, before)
    if isinstance(iterable, ast.Call) and ast.unparse(iterable.func).endswith(".items") and not iterable.args:
        table = _looked_up(iterable.func.value, before) if isinstance(iterable.func, ast.Attribute) else None
        if isinstance(table, ast.Dict):
            for key, value in zip(table.keys, table.values, strict=True):
                if key is not None:
                    yield from _unpacked(loop.target, ast.Tuple([key, value], ast.Load()))
    elif isinstance(iterable, (ast.List, ast.Tuple, ast.Set)):
        for element in iterable.elts:
            yield from _unpacked(loop.target, element)
    elif isinstance(iterable, ast.Constant) and isinstance(iterable.value, (str, bytes)):
        for item in iterable.value:
            yield from _unpacked(loop.target, ast.Constant(item))


def fixture_setup(function: _Function, module: Sequence[ast.stmt]) -> list[ast.stmt]:
    """What the module's own fixtures do for this test, as statements; fixtures that are not plain are left out."""
    known = {s.name: s for s in module if isinstance(s, ast.FunctionDef) and is_fixture(s)}
    setup: list[ast.stmt] = []
    done: set[str] = set()

    def add(wanted: _Function) -> None:
        for argument in wanted.args.args:
            fixture = known.get(argument.arg)
            if fixture is None or argument.arg in done:
                continue
            done.add(argument.arg)
            add(fixture)
            setup.extend(_as_assignment(fixture))

    add(function)
    return setup


def _as_assignment(fixture: ast.FunctionDef) -> list[ast.stmt]:
    """`return Cart()` in the fixture `cart` is `cart = Cart()`; so is `yield Cart()`."""
    for position, statement in enumerate(fixture.body):
        value = statement.value if isinstance(statement, (ast.Return, ast.Expr)) else None
        given = value.value if isinstance(value, ast.Yield) else value if isinstance(statement, ast.Return) else None
        if given is not None:
            return [*fixture.body[:position], _assign(ast.Name(fixture.name, ast.Store()), given)]
    return []


def is_fixture(statement: ast.stmt) -> bool:
    """Whether the statement defines a fixture under its own name and without parameters of its own."""
    return isinstance(statement, ast.FunctionDef) and any(map(_makes_fixture, statement.decorator_list))


def _makes_fixture(decorator: ast.expr) -> bool:
    plain = decorator.func if isinstance(decorator, ast.Call) else decorator
    named = any(k.arg in {"name", "params"} for k in decorator.keywords) if isinstance(decorator, ast.Call) else False
    return ast.unparse(plain).rpartition(".")[2] == "fixture" and not named


def _is_parametrize(mark: ast.Call) -> bool:
    return isinstance(mark.func, ast.Attribute) and mark.func.attr == "parametrize" and len(mark.args) >= 2


def _rows(mark: ast.Call) -> Iterator[list[ast.stmt]]:
    names = _argument_names(mark.args[0])
    values = mark.args[1].elts if isinstance(mark.args[1], (ast.List, ast.Tuple)) else []
    for value in values:
        row = value
        if isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] == "param":
            row = value.args[0] if len(names) == 1 and value.args else ast.Tuple(value.args, ast.Load())
        target = ast.Name(names[0], ast.Store()) if len(names) == 1 else _names(names)
        yield from _unpacked(target, row)


def _names(names: list[str]) -> ast.Tuple:
    return ast.Tuple([ast.Name(name, ast.Store()) for name in names], ast.Store())


def _argument_names(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [name.strip() for name in node.value.split(",") if name.strip()]
    if isinstance(node, (ast.List, ast.Tuple)):
        return [str(element.value) for element in node.elts if isinstance(element, ast.Constant)]
    return []


def _unpacked(target: ast.expr, value: ast.expr) -> Iterator[list[ast.stmt]]:
    """One list of single assignments; nothing where the shapes do not fit."""
    if isinstance(target, ast.Name):
        yield [_assign(target, value)]
        return
    if not isinstance(target, (ast.Tuple, ast.List)) or not isinstance(value, (ast.Tuple, ast.List)):
        return
    if len(target.elts) == len(value.elts):
        parts = [list(_unpacked(t, v)) for t, v in zip(target.elts, value.elts, strict=True)]
        if all(parts):
            yield [assignment for part in parts for assignment in part[0]]


def _assign(target: ast.expr, value: ast.expr) -> ast.stmt:
    return ast.fix_missing_locations(ast.Assign(targets=[target], value=value))


def _looked_up(node: ast.expr, before: Sequence[ast.stmt]) -> ast.expr:
    """The literal a name stands for, where the last assignment to it says so."""
    if isinstance(node, ast.Name):
        for statement in reversed(before):
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if name == node.id:
                    return value if is_literal(value) or isinstance(value, (ast.List, ast.Tuple)) else node
    return node
