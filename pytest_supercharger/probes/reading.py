"""Read the inputs out of a test: each call of the stub with the statements it needs before it."""

from __future__ import annotations

import ast
import itertools
from typing import TYPE_CHECKING

from pytest_supercharger.parsing import walked
from pytest_supercharger.probes.calls import Caller, parsed
from pytest_supercharger.probes.making import is_literal, make
from pytest_supercharger.probes.unrolling import cases, fixture_setup, is_fixture, loop_rounds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_supercharger.domain import Probe, Stub

__all__ = ["from_statements", "from_test"]

_MOST_CASES = 20  # rounds of one loop or one parametrisation that become probes
_NO_SETUP = (ast.Import, ast.ImportFrom, ast.Expr)
_EXPECTING = frozenset({"raises", "warns", "deprecated_call", "assertRaises", "assertRaisesRegex", "assertWarns"})


def from_test(source: str, stub: Stub) -> tuple[Probe, ...]:
    """The inputs on which the test functions of a module call the stub; empty where none can be told apart.

    Literal loops and parametrisations are unrolled, plain fixtures of the module are put in front. Calls behind
    other fixtures, conditions or `try` are left out.
    """
    module = parsed(source)
    if module is None:
        return ()
    imports = [statement for statement in module.body if isinstance(statement, (ast.Import, ast.ImportFrom))]
    plain = [s for s in module.body if not (isinstance(s, _NO_SETUP) or _is_test(s) or is_fixture(s))]
    found: dict[str, Probe] = {}
    for function in _tests(module):
        front = [*plain, *fixture_setup(function, module.body)]
        for case in itertools.islice(cases(function), _MOST_CASES):
            for probe in _probes([*function.body], [*front, *case], stub, imports, module_names=False):
                found.setdefault(probe.id, probe)
    return tuple(found.values())


def from_statements(statements: Sequence[ast.stmt], stub: Stub) -> tuple[Probe, ...]:
    """The inputs on which a piece of code calls the stub, its unknown names taken from the stub's module."""
    imports = [statement for statement in statements if isinstance(statement, (ast.Import, ast.ImportFrom))]
    rest = [statement for statement in statements if statement not in imports]
    found = {probe.id: probe for probe in _probes(rest, [], stub, imports, module_names=True)}
    return tuple(found.values())


def _probes(
    body: list[ast.stmt], front: list[ast.stmt], stub: Stub, imports: Sequence[ast.stmt], *, module_names: bool
) -> Iterator[Probe]:
    local = [node for s in body for node in walked(s) if isinstance(node, (ast.Import, ast.ImportFrom))]
    imports = [*imports, *local]
    walk = _Walk(Caller.of(stub, imports))
    awaiting = _Awaiting()
    body = [awaiting.visit(statement) for statement in body if not isinstance(statement, (ast.Import, ast.ImportFrom))]
    for before, expression in walk.statements(body, front):
        probe = make(stub, imports, before, expression, module_names=module_names)
        if probe is not None:
            yield probe


class _Walk:
    """Goes through the statements of a test in order."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    def statements(
        self, body: Iterable[ast.stmt], before: Sequence[ast.stmt]
    ) -> Iterator[tuple[Sequence[ast.stmt], ast.expr]]:
        """Each input as (what comes before, expression)."""
        done = list(before)
        tail: int | None = None  # where the last run of bare calls of the stub begins
        for statement in body:
            if isinstance(statement, ast.Assert):
                yield from self._asserted(statement.test, done, tail)
            elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Compare):
                yield from self._asserted(statement.value, done, tail)  # an assertion as doctest writes it
            elif isinstance(statement, (ast.With, ast.AsyncWith)) and _expects(statement):
                yield from self.statements(statement.body, done)
            elif isinstance(statement, ast.For) and self.caller.inside(statement):
                for values in itertools.islice(loop_rounds(statement, done), _MOST_CASES):
                    yield from self.statements(statement.body, [*done, *values])
            else:
                yield from self._plain(statement, done)
                bare = isinstance(statement, ast.Expr)
                if bare and tail is None and self.caller.inside(statement):
                    tail = len(done)
                elif not bare:
                    tail = None
                done.append(statement)

    def _plain(self, statement: ast.stmt, done: list[ast.stmt]) -> Iterator[tuple[Sequence[ast.stmt], ast.expr]]:
        yield from ((list(done), call) for call in self.caller.accessor_calls(statement))
        value = getattr(statement, "value", None)
        if (
            isinstance(statement, (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return))
            and value is not None
        ):
            deferred = self._deferred(value)
            if deferred is not None:
                yield list(done), deferred
            for expression in self.caller.outermost(value):
                yield list(done), expression

    def _asserted(
        self, test: ast.expr, done: list[ast.stmt], tail: int | None
    ) -> Iterator[tuple[Sequence[ast.stmt], ast.expr]]:
        """The calls of the stub in an assertion, or the state that it looks at after bare calls."""
        if isinstance(test, ast.BoolOp):
            for value in test.values:
                yield from self._asserted(value, done, tail)
            return
        sides = [test.left, *test.comparators] if isinstance(test, ast.Compare) else [test]
        calls = [call for side in sides for call in self.caller.outermost(side)]
        yield from ((list(done), call) for call in calls)
        if not calls and tail is not None:
            state = next((side for side in sides if not is_literal(side)), test)
            bare = [statement.value for statement in done[tail:] if isinstance(statement, ast.Expr)]
            # One expression, so that an exception of the call is its result and not a broken input.
            yield done[:tail], ast.Tuple([*bare, state], ast.Load())

    def _deferred(self, value: ast.expr) -> ast.expr | None:
        """The call in `pytest.raises(ValueError, slugify, -1)`."""
        if not isinstance(value, ast.Call) or _called_name(value) not in _EXPECTING or len(value.args) < 2:
            return None
        keywords = [keyword for keyword in value.keywords if keyword.arg != "match"]
        call = ast.Call(value.args[1], value.args[2:], keywords)
        return call if self.caller.matches(call) else None


class _Awaiting(ast.NodeTransformer):
    """`asyncio.run(f(x))` becomes `await f(x)`: a probe runs inside a loop already."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if ast.unparse(node.func) in {"asyncio.run", "run_until_complete"} and len(node.args) == 1:
            return ast.Await(node.args[0])
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        return node


def _is_test(statement: ast.stmt) -> bool:
    return (isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)) and statement.name.startswith("test")) or (
        isinstance(statement, ast.ClassDef) and statement.name.startswith("Test")
    )


def _tests(module: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for statement in module.body:
        inner = statement.body if isinstance(statement, ast.ClassDef) and _is_test(statement) else [statement]
        for function in inner:
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)) and function.name.startswith("test"):
                yield function


def _expects(statement: ast.With | ast.AsyncWith) -> bool:
    return any(
        isinstance(item.context_expr, ast.Call) and _called_name(item.context_expr) in _EXPECTING
        for item in statement.items
    )


def _called_name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
