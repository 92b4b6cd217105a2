"""Which statements of a test bear on the stub: what calls it, what depends on a call, which assertions can fail."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from pytest_supercharger.domain import Stub, StubKind
from pytest_supercharger.parsing import walked

__all__ = ["Bearing", "is_raises", "loads", "stores"]

# Calls that look at a function without running it.
_LOOKS = frozenset({"callable", "hasattr", "isinstance", "issubclass", "type", "id", "repr", "dir", "vars", "getattr"})


def loads(node: ast.AST) -> set[str]:
    """Return the names a node reads."""
    return {n.id for n in walked(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def stores(node: ast.AST) -> set[str]:
    """Return the names a node binds."""
    bound = {n.id for n in walked(node) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    return bound | {n.asname or n.name for n in walked(node) if isinstance(n, ast.alias)}


def is_raises(node: ast.AST) -> bool:
    """Tell whether a node is `with pytest.raises(...)`."""
    return isinstance(node, ast.With) and any(_called(i.context_expr) == "raises" for i in node.items)


def _called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _run(node: ast.AST) -> list[ast.expr]:
    """Return what a call may run: handed over counts, as in `map(f, xs)`, `asyncio.run(f(x))`."""
    if not isinstance(node, ast.Call) or _called(node) in _LOOKS:
        return []
    return [node.func, *node.args, *(k.value for k in node.keywords)]


@dataclass(slots=True, kw_only=True)
class Bearing:
    """Knows the stub and the answer's own functions that lead to it."""

    stub: Stub
    callers: set[str] = field(default_factory=set)  # functions of the answer that call the stub
    checkers: set[str] = field(default_factory=set)  # of them, those that assert on it
    handed: set[str] = field(default_factory=set)  # arguments that come from a run of the stub

    def learn(self, functions: dict[str, ast.stmt]) -> None:
        """Find out which of the answer's own functions lead to the stub, through each other too."""
        self.callers |= {name for name, node in functions.items() if self.calls(node)}
        runs = {name: self._run_by(node) & functions.keys() for name, node in functions.items()}
        new = set(self.callers)
        while new:
            new = {name for name, run in runs.items() if run & new} - self.callers
            self.callers |= new
        for name in self.callers & functions.keys():
            body = getattr(functions[name], "body", [])
            if any(self.asserts(statement, self.tainted(body)) for statement in body):
                self.checkers.add(name)

    def calls(self, node: ast.AST) -> bool:
        """Tell whether the stub is run somewhere in the node."""
        return any(self._runs(n) for n in walked(node))

    def _runs(self, node: ast.AST) -> bool:
        if self.stub.kind is StubKind.PROPERTY:
            return isinstance(node, ast.Attribute) and node.attr == self.stub.name
        return any(map(self._names, _run(node)))

    def _run_by(self, node: ast.AST) -> set[str]:
        if self.stub.kind is StubKind.PROPERTY:
            return set()
        return {part.id for n in walked(node) for part in _run(n) if isinstance(part, ast.Name)}

    def is_stub(self, node: ast.AST) -> bool:
        """Tell whether a node is the stub itself by name: `f`, `module.f`, `cart.total`."""
        if isinstance(node, ast.Name):
            return node.id == self.stub.name and "." not in self.stub.qualname
        return isinstance(node, ast.Attribute) and node.attr == self.stub.name

    def _names(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Name):
            made = self._dunder and node.id == self.stub.root_name
            return made or node.id in self.callers or self.is_stub(node)
        return self.is_stub(node)

    @property
    def _dunder(self) -> bool:
        # `len(cart)` runs `Cart.__len__` without naming it: making a Cart is as near as reading the text gets.
        return self.stub.name.startswith("__")

    def tainted(self, body: list[ast.stmt]) -> set[str]:
        """Return the names whose values depend on a run of the stub anywhere in these statements."""
        found = set(self.handed)
        for _ in range(3):  # names pass it on; chains longer than this are rare
            for node in (n for statement in body for n in walked(statement)):
                self._spread(node, found)
        return found

    def _spread(self, node: ast.AST, found: set[str]) -> None:
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and node.value is not None:
            if self.depends(node.value, found):
                found |= stores(node)
        elif isinstance(node, ast.For | ast.AsyncFor) and self.depends(node.iter, found):
            found |= stores(node.target)
        elif isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                inside = is_raises(node) and any(self.depends(s, found) for s in node.body)
                if item.optional_vars is not None and (inside or self.depends(item.context_expr, found)):
                    found |= stores(item.optional_vars)
        elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load) and self._runs(node):
            found |= loads(node.value) - {self.stub.root_name}  # a setter or deleter changes its object
        elif isinstance(node, ast.Call) and self._runs(node):
            # The stub may change its arguments and, for a method, the object.
            parts: list[ast.AST] = [*node.args, *(k.value for k in node.keywords)]
            if isinstance(node.func, ast.Attribute):
                parts.append(node.func.value)
            found |= {p.id for p in parts if isinstance(p, ast.Name)} - {self.stub.root_name, *self.callers}

    def depends(self, node: ast.AST, tainted: set[str]) -> bool:
        """Tell whether a node's value depends on a run of the stub."""
        return self.calls(node) or bool(loads(node) & tainted)

    def asserts(self, node: ast.stmt, tainted: set[str]) -> bool:
        """Tell whether a statement holds an assertion that depends on the stub and can fail."""
        return any(self._assertion(n, tainted) for n in walked(node))

    def _assertion(self, node: ast.AST, tainted: set[str]) -> bool:
        if isinstance(node, ast.Assert):
            return self.depends(node.test, tainted) and not vacuous(node.test)
        if is_raises(node) and isinstance(node, ast.With):
            return any(self.depends(statement, tainted) for statement in node.body)
        if isinstance(node, ast.Call):
            if _called(node) == "raises":  # pytest.raises(ValueError, f, -1)
                return any(self._names(a) or self.calls(a) for a in node.args[1:])
            return isinstance(node.func, ast.Name) and node.func.id in self.checkers
        return isinstance(node, ast.Try) and self._expects_error(node, tainted)

    def _expects_error(self, node: ast.Try, tainted: set[str]) -> bool:
        """Tell whether this is `try: f(-1); assert False except ValueError: ...`, not swallowing its own alarm."""
        alarms = [*node.body, *node.orelse]
        raised = any(_fails(n) for statement in alarms for n in walked(statement))
        swallowed = any(_catches_all(handler) for handler in node.handlers) and not any(
            _fails(n) for statement in node.orelse for n in walked(statement)
        )
        return raised and not swallowed and any(self.depends(statement, tainted) for statement in node.body)


def _fails(node: ast.AST) -> bool:
    false = isinstance(node, ast.Assert) and isinstance(node.test, ast.Constant) and not node.test.value
    return false or _called(node) == "fail"


def _catches_all(handler: ast.ExceptHandler) -> bool:
    names = loads(handler.type) if handler.type is not None else {"Exception"}
    return bool(names & {"Exception", "BaseException", "AssertionError"})


def vacuous(test: ast.expr) -> bool:
    """Tell whether a condition holds whatever the stub returns: `f(1) == f(1)`, `f(1) or True`, `(f(1), "text")`."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq | ast.Is):
        return ast.dump(test.left) == ast.dump(test.comparators[0])
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        return any(isinstance(v, ast.Constant) and v.value for v in test.values) or any(map(vacuous, test.values))
    if isinstance(test, ast.BoolOp):
        return all(vacuous(v) or isinstance(v, ast.Constant) for v in test.values)
    return isinstance(test, ast.Tuple | ast.Constant | ast.Lambda) or (
        isinstance(test, ast.Call) and _called(test) in {"callable", "hasattr"}
    )
