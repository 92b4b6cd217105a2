"""A test of an async stub that forgot to await it: a coroutine equals nothing, so the `await` can only be meant."""

from __future__ import annotations

import ast
import re

from pytest_supercharger.clean._bearing import Bearing
from pytest_supercharger.clean._syntax import FunctionNode

__all__ = ["awaited", "turned"]

# Where a bare coroutine makes no sense; as an argument (`asyncio.run(f(1))`, `gather(f(1), f(2))`) it does.
_BARE = (ast.Compare, ast.Assign, ast.AnnAssign, ast.Expr, ast.Assert, ast.Subscript, ast.UnaryOp, ast.BoolOp)


def turned(code: str) -> str:
    """Return the text without two slips of small models: `await assert f(1)`, and `def test_ name():`."""
    code = re.sub(r"^([ \t]*(?:async )?def test_) +(\w+\()", r"\1\2", code, flags=re.MULTILINE)
    return re.sub(r"^([ \t]*)await assert (?!await\b)", r"\1assert await ", code, flags=re.MULTILINE)


def awaited(case: FunctionNode, bearing: Bearing) -> FunctionNode:
    """Return the test function with the missing `await`s of the async stub, itself async where it got one."""
    visitor = _Awaited(bearing)
    for statement in case.body:
        visitor.visit(statement)
    if not visitor.added or isinstance(case, ast.AsyncFunctionDef):
        return case
    made = ast.AsyncFunctionDef(name=case.name, args=case.args, body=case.body, decorator_list=case.decorator_list)
    return ast.fix_missing_locations(ast.copy_location(made, case))


class _Awaited(ast.NodeTransformer):
    def __init__(self, bearing: Bearing) -> None:
        self.bearing = bearing
        self.added = False

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node  # `await` would not be legal in it

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if isinstance(node, _BARE):
            for field, value in ast.iter_fields(node):
                if isinstance(value, list):
                    setattr(node, field, [self._await(v) for v in value])
                elif isinstance(value, ast.AST):
                    setattr(node, field, self._await(value))
        return node

    def _await(self, value: ast.AST) -> ast.AST:
        if isinstance(value, ast.Call) and self.bearing.is_stub(value.func):
            self.added = True
            return ast.copy_location(ast.Await(value=value), value)
        return value
