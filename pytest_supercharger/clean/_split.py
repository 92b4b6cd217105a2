"""One test function with several checks becomes several with one check each; what a check does not need goes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_supercharger.clean._bearing import Bearing, loads, stores
from pytest_supercharger.parsing import copied, walked

__all__ = ["inlined", "split"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Felt:
    """A statement, and how later ones may feel it."""

    statement: ast.stmt
    loads: set[str]
    stores: set[str]
    handed: set[str]  # names of objects that a call in it may change
    world: bool  # a call on its own: `monkeypatch.setenv(...)`, `random.seed(1)`

    @classmethod
    def of(cls, statement: ast.stmt) -> _Felt:
        """Read the statement."""
        value = statement.value if isinstance(statement, ast.Expr) else None
        value = value.value if isinstance(value, ast.Await) else value
        return cls(
            statement=statement,
            loads=loads(statement),
            stores=stores(statement),
            handed=_handed(statement),
            world=isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute),
        )


def split(body: list[ast.stmt], bearing: Bearing) -> Iterator[list[ast.stmt]]:
    """Yield a body for each check on the stub; loops, `with` and `try` blocks stay whole."""
    tainted = bearing.tainted(body)
    before: list[_Felt] = []
    for statement in body:
        if bearing.asserts(statement, tainted):
            yield [*_needed(before, statement), statement]
        before.append(_Felt.of(_afterwards(statement)))
        if isinstance(statement, ast.Return | ast.Raise):
            break


def inlined(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return the body with intermediate names put in: what tells one check from another, never what is run."""
    body = [*map(copied, body)]
    row = len(body) - 2
    while row >= 0:
        statement, rest = body[row], ast.Module(body=body[row + 1 :], type_ignores=[])
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            if isinstance(target, ast.Name) and target.id not in stores(rest):
                uses = [n for n in walked(rest) if isinstance(n, ast.Name) and n.id == target.id]
                if len(uses) == 1 or isinstance(statement.value, ast.Constant):
                    body[row:] = _PutIn(target.id, statement.value).visit(rest).body
        row -= 1
    return body


class _PutIn(ast.NodeTransformer):
    def __init__(self, name: str, value: ast.expr) -> None:
        self.name, self.value = name, value

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return copied(self.value) if node.id == self.name else node


def _afterwards(statement: ast.stmt) -> ast.stmt:
    """Return what an earlier statement leaves for later checks: an assert keeps its effects, not its verdict."""
    if not isinstance(statement, ast.Assert):
        return statement
    # `assert stack.pop() == 3` changes the stack for whoever pops next.
    expression = ast.Expr(value=copied(statement.test))
    return ast.copy_location(expression, statement)


def _needed(before: list[_Felt], check: ast.stmt) -> list[ast.stmt]:
    """Return the earlier statements the check can feel, by walking backwards over the names it needs."""
    needed = loads(check)
    kept: list[ast.stmt] = []
    for felt in reversed(before):
        statement, touched = felt.statement, (felt.stores | felt.handed) & needed
        if isinstance(statement, ast.Assign | ast.AnnAssign) and _plain_targets(statement):
            if not touched:
                continue
            needed -= felt.stores
        elif _may_go(statement) and not (touched or felt.world):
            continue
        needed |= felt.loads
        kept.append(statement)
    return kept[::-1]


def _plain_targets(statement: ast.Assign | ast.AnnAssign) -> bool:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    names = [t for target in targets for t in (target.elts if isinstance(target, ast.Tuple | ast.List) else [target])]
    return all(isinstance(t, ast.Name) for t in names)


def _may_go(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr | ast.With | ast.For | ast.Try | ast.If | ast.While | ast.Pass)


def _handed(node: ast.AST) -> set[str]:
    """Return the names of objects that calls in the node are given, or are made on, and could change."""
    found: set[str] = set()
    for call in (n for n in walked(node) if isinstance(n, ast.Call)):
        found |= loads(call) - ({call.func.id} if isinstance(call.func, ast.Name) else set())
    return found
