"""Methods of a test class as plain test functions, its set-up in front of each."""

from __future__ import annotations

import ast
import copy

from pytest_supercharger.clean._syntax import FunctionNode

__all__ = ["functions_of"]

_MAX_COPIED = 30_000  # nodes of a set-up, in all the tests that it stands in front of
_SET_UP = frozenset({"setUp", "setup_method", "setup"})
_SHARED = frozenset({"setUpClass", "setup_class", "__init__"})
_BINARY: dict[str, type[ast.cmpop]] = {
    "assertEqual": ast.Eq,
    "assertEquals": ast.Eq,
    "assertListEqual": ast.Eq,
    "assertDictEqual": ast.Eq,
    "assertSetEqual": ast.Eq,
    "assertTupleEqual": ast.Eq,
    "assertNotEqual": ast.NotEq,
    "assertIs": ast.Is,
    "assertIsNot": ast.IsNot,
    "assertIn": ast.In,
    "assertNotIn": ast.NotIn,
    "assertGreater": ast.Gt,
    "assertGreaterEqual": ast.GtE,
    "assertLess": ast.Lt,
    "assertLessEqual": ast.LtE,
}


def functions_of(owner: ast.ClassDef) -> list[FunctionNode]:
    """Return the test methods of a class as functions, each with the class's constants and set-up in front.

    Those that lean on `self` in another way are left out.
    """
    methods = [n for n in owner.body if isinstance(n, FunctionNode)]
    if any(m.name in _SHARED for m in methods):
        return []
    state = [n for n in owner.body if isinstance(n, ast.Assign | ast.AnnAssign)]
    before = [_on_self(n) for n in state]
    for method in methods:
        if method.name in _SET_UP and method.args.args:
            before += [_Receiver(method.args.args[0].arg).visit(s) for s in copy.deepcopy(method.body)]
    size = 1 + sum(1 for statement in before for _ in ast.walk(statement))
    named = [m for m in methods if m.name.startswith("test")][: max(1, _MAX_COPIED // size)]
    tests = (_function(method, before) for method in named)
    return [test for test in tests if test is not None]


def _on_self(node: ast.Assign | ast.AnnAssign) -> ast.stmt:
    """Return a class's assignment as it looks from a method: `SIZE = 3` as `self_SIZE = 3`."""
    changed = copy.deepcopy(node)
    for target in changed.targets if isinstance(changed, ast.Assign) else [changed.target]:
        if isinstance(target, ast.Name):
            target.id = f"self_{target.id}"
    return changed


def _function(method: FunctionNode, before: list[ast.stmt]) -> FunctionNode | None:
    arguments = method.args.args
    if not arguments:
        return method
    receiver = arguments.pop(0).arg
    method.body = [_Receiver(receiver).visit(_Asserts(receiver).visit(statement)) for statement in method.body]
    # What a test needs of it is found out later, name by name.
    method.body[:0] = copy.deepcopy(before)
    ast.fix_missing_locations(method)
    bound = {n.id for n in ast.walk(method) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    names = {n.id for n in ast.walk(method) if isinstance(n, ast.Name)}
    leans = receiver in names or any(name.startswith("self_") for name in names - bound)
    return None if leans else method


class _Receiver(ast.NodeTransformer):
    """Rewrites `self.n` to `self_n`."""

    def __init__(self, receiver: str) -> None:
        self.receiver = receiver

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and node.value.id == self.receiver:
            return ast.copy_location(ast.Name(id=f"self_{node.attr}", ctx=node.ctx), node)
        return node


class _Asserts(ast.NodeTransformer):
    """Rewrites `self.assertEqual(a, b)` to `assert a == b`, and its relatives."""

    def __init__(self, receiver: str) -> None:
        self.receiver = receiver

    def _method(self, node: ast.AST) -> str:
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            return ""
        value = node.func.value
        return node.func.attr if isinstance(value, ast.Name) and value.id == self.receiver else ""

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        name = self._method(node.value)
        test = _condition(name, node.value.args) if name and isinstance(node.value, ast.Call) else None
        if test is None:
            self.generic_visit(node)
            return node
        return ast.copy_location(ast.Assert(test=test, msg=None), node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        method = self._method(node)
        if method in {"assertRaises", "assertRaisesRegex"} and node.args:
            raises = ast.Attribute(value=ast.Name(id="pytest", ctx=ast.Load()), attr="raises", ctx=ast.Load())
            patterns = node.args[1:] if method == "assertRaisesRegex" else []
            matches = [ast.keyword(arg="match", value=pattern) for pattern in patterns]
            return ast.Call(func=raises, args=node.args[:1] if matches else node.args, keywords=matches)
        return node


def _condition(name: str, arguments: list[ast.expr]) -> ast.expr | None:
    if name in _BINARY and len(arguments) >= 2:
        return ast.Compare(left=arguments[0], ops=[_BINARY[name]()], comparators=[arguments[1]])
    if name in {"assertAlmostEqual", "assertCountEqual"} and len(arguments) >= 2:
        left, right = arguments[:2]
        if name == "assertCountEqual":
            return ast.Compare(left=_call("sorted", left), ops=[ast.Eq()], comparators=[_call("sorted", right)])
        return ast.Compare(left=left, ops=[ast.Eq()], comparators=[_call("pytest.approx", right)])
    if not arguments:
        return None
    none = ast.Constant(value=None)
    return {
        "assertTrue": lambda: arguments[0],
        "assertFalse": lambda: ast.UnaryOp(op=ast.Not(), operand=arguments[0]),
        "assertIsNone": lambda: ast.Compare(left=arguments[0], ops=[ast.Is()], comparators=[none]),
        "assertIsNotNone": lambda: ast.Compare(left=arguments[0], ops=[ast.IsNot()], comparators=[none]),
        "assertIsInstance": lambda: _call("isinstance", *arguments[:2]),
    }.get(name, lambda: None)()


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    owner, _, attribute = name.rpartition(".")
    load = ast.Load()
    function: ast.expr = ast.Name(id=name, ctx=load)
    if owner:
        function = ast.Attribute(value=ast.Name(id=owner, ctx=load), attr=attribute, ctx=load)
    return ast.Call(func=function, args=list(arguments), keywords=[])
