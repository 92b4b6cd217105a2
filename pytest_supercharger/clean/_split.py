"""One test function with several checks becomes several with one check each; what a check does not need goes."""

from __future__ import annotations

import ast
import copy

from pytest_supercharger.clean._bearing import Bearing, loads, stores

__all__ = ["inlined", "split"]


def split(body: list[ast.stmt], bearing: Bearing) -> list[list[ast.stmt]]:
    """Return a body for each check on the stub; loops, `with` and `try` blocks stay whole."""
    tainted = bearing.tainted(body)
    found: list[list[ast.stmt]] = []
    before: list[ast.stmt] = []
    for statement in body:
        if bearing.asserts(statement, tainted):
            found.append([*_needed(before, statement), statement])
        before += _afterwards(statement)
        if isinstance(statement, ast.Return | ast.Raise):
            break
    return found


def inlined(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return the body with intermediate names put in: what tells one check from another, never what is run."""
    body = copy.deepcopy(body)
    row = len(body) - 2
    while row >= 0:
        statement, rest = body[row], ast.Module(body=body[row + 1 :], type_ignores=[])
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            if isinstance(target, ast.Name) and target.id not in stores(rest):
                uses = [n for n in ast.walk(rest) if isinstance(n, ast.Name) and n.id == target.id]
                if len(uses) == 1 or isinstance(statement.value, ast.Constant):
                    body[row:] = _PutIn(target.id, statement.value).visit(rest).body
        row -= 1
    return body


class _PutIn(ast.NodeTransformer):
    def __init__(self, name: str, value: ast.expr) -> None:
        self.name, self.value = name, value

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return copy.deepcopy(self.value) if node.id == self.name else node


def _afterwards(statement: ast.stmt) -> list[ast.stmt]:
    """Return what an earlier statement leaves for later checks: an assert keeps its effects, not its verdict."""
    if not isinstance(statement, ast.Assert):
        return [statement]
    # `assert stack.pop() == 3` changes the stack for whoever pops next.
    expression = ast.Expr(value=copy.deepcopy(statement.test))
    return [ast.copy_location(expression, statement)]


def _needed(before: list[ast.stmt], check: ast.stmt) -> list[ast.stmt]:
    """Return the earlier statements the check can feel, by walking backwards over the names it needs."""
    needed = loads(check)
    kept: list[ast.stmt] = []
    for statement in reversed(before):
        if isinstance(statement, ast.Assign | ast.AnnAssign) and _plain_targets(statement):
            if not stores(statement) & needed and not _may_change(statement, needed):
                continue
            needed -= stores(statement)
        elif _may_go(statement) and not (stores(statement) & needed or _touches(statement, needed)):
            continue
        needed |= loads(statement)
        kept.append(statement)
    return kept[::-1]


def _plain_targets(statement: ast.Assign | ast.AnnAssign) -> bool:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    names = [t for target in targets for t in (target.elts if isinstance(target, ast.Tuple | ast.List) else [target])]
    return all(isinstance(t, ast.Name) for t in names)


def _may_go(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr | ast.With | ast.For | ast.Try | ast.If | ast.While | ast.Pass)


def _may_change(statement: ast.stmt, needed: set[str]) -> bool:
    """Tell whether the right-hand side calls something on, or with, an object that is needed later."""
    return any(isinstance(n, ast.Call) and _touches(n, needed) for n in ast.walk(statement))


def _touches(node: ast.AST, needed: set[str]) -> bool:
    """Tell whether a call in the node could change an object that is needed later, or the world (a call on its own)."""
    for call in (n for n in ast.walk(node) if isinstance(n, ast.Call)):
        handed = loads(call) - ({call.func.id} if isinstance(call.func, ast.Name) else set())
        if handed & needed:
            return True
    # `monkeypatch.setenv(...)`, `random.seed(1)`: no name in common, and still felt.
    value = node.value if isinstance(node, ast.Expr) else None
    value = value.value if isinstance(value, ast.Await) else value
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute)
