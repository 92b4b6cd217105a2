"""Small changes of a piece of code, as a tree: each makes one expression or statement say something else.

A change keeps the types as far as the text shows them: code that raises on every input is no better than an empty stub
at telling tests apart.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

__all__ = ["RESULTS", "Change", "Scope", "applied", "changes"]

RESULTS = ("result", "other result")

Variants = Iterator[tuple[str, ast.AST]]

_OPPOSITES = (
    (ast.Lt, ast.LtE),
    (ast.Gt, ast.GtE),
    (ast.Eq, ast.NotEq),
    (ast.In, ast.NotIn),
    (ast.Is, ast.IsNot),
)
_COMPARISONS = MappingProxyType(dict(_OPPOSITES) | {other: one for one, other in _OPPOSITES})
_ARITHMETIC = MappingProxyType(
    {
        ast.Add: ast.Sub,
        ast.Sub: ast.Add,
        ast.Mult: ast.Add,
        ast.Div: ast.Mult,
        ast.FloorDiv: ast.Mult,
        ast.Mod: ast.Mult,
        ast.Pow: ast.Mult,
        ast.BitAnd: ast.BitOr,
        ast.BitOr: ast.BitAnd,
        ast.BitXor: ast.BitOr,
        ast.LShift: ast.RShift,
        ast.RShift: ast.LShift,
    }
)
_PAIRS = {
    "min": "max",
    "any": "all",
    "upper": "lower",
    "startswith": "endswith",
    "lstrip": "rstrip",
    "find": "rfind",
    "index": "rindex",
    "isupper": "islower",
    "removeprefix": "removesuffix",
}
_SWAPS = MappingProxyType(_PAIRS | {other: one for one, other in _PAIRS.items()})
_ORDERS = MappingProxyType({"sorted": "list", "reversed": "iter"})
_KEEPERS = frozenset({"abs", "strip", "lower", "upper", "title", "capitalize", "casefold", "round"})
_TEXTUAL = (ast.JoinedStr, ast.List, ast.Tuple, ast.ListComp)
# Where a change says nothing about behaviour, or cannot be written down again.
_PASSED_OVER = frozenset({"annotation", "returns", "decorator_list", "format_spec", "type_params", "exc", "cause"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is known of the code around a change."""

    parameters: Collection[str] = ()
    results: Sequence[ast.expr] = ()  # constants of the type that the function returns
    endless: bool = False  # within a loop that only what it does ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One node in the place of another one."""

    name: str  # of the kind of change
    line: int
    endless: bool  # it may turn a loop into one that never ends
    owner: ast.AST = field(repr=False)
    slot: str
    position: int | None
    new: ast.AST = field(repr=False)


def changes(tree: ast.AST, scope: Scope) -> Iterator[Change]:
    """Every change of this tree, in the order of the text."""
    for slot, value in ast.iter_fields(tree):
        inner = _within(tree, slot, scope)
        if slot in _PASSED_OVER:
            continue
        places = [(None, value)] if isinstance(value, ast.AST) else enumerate(value if isinstance(value, list) else ())
        for position, node in places:
            if not isinstance(node, ast.AST) or _is_text_only(tree, node):
                continue
            line = getattr(node, "lineno", getattr(tree, "lineno", 0))
            for name, new in _variants(node, inner):
                yield Change(
                    name=name,
                    line=line,
                    endless=inner.endless and not isinstance(node, ast.Return),
                    owner=tree,
                    slot=slot,
                    position=position,
                    new=new,
                )
            yield from changes(node, inner)


@contextmanager
def applied(change: Change) -> Iterator[None]:
    """The tree with this change, until the block ends."""
    held: Any = vars(change.owner) if change.position is None else getattr(change.owner, change.slot)
    place: str | int = change.slot if change.position is None else change.position
    old, held[place] = held[place], change.new
    try:
        yield
    finally:
        held[place] = old


def _within(tree: ast.AST, slot: str, scope: Scope) -> Scope:
    if isinstance(tree, ast.While) and slot in ("test", "body"):
        return Scope(parameters=scope.parameters, results=scope.results, endless=True)
    if isinstance(tree, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        # A function within returns something else.
        names = [node.arg for node in ast.walk(tree.args) if isinstance(node, ast.arg)]
        return Scope(parameters=names, endless=scope.endless)
    return scope


def _is_text_only(owner: ast.AST, node: ast.AST) -> bool:
    """The fixed parts of an f-string, and docstrings."""
    return isinstance(node, ast.Constant) and isinstance(owner, (ast.JoinedStr, ast.Expr))


def _variants(node: ast.AST, scope: Scope) -> Variants:
    for kind, make in _MAKERS:
        if isinstance(node, kind):
            yield from make(node, scope)


def _comparison(node: ast.Compare, scope: Scope) -> Variants:
    other = _COMPARISONS[type(node.ops[0])]
    yield "comparison", ast.Compare(left=node.left, ops=[other(), *node.ops[1:]], comparators=node.comparators)


def _arithmetic(node: ast.BinOp, scope: Scope) -> Variants:
    textual = [part for part in (node.left, node.right) if _is_textual(part)]
    if textual:
        # The types say little here: what is left is a text as well.
        joined = isinstance(node.op, ast.Add)
        yield "operand left out", _other(node, textual[0]) if joined else textual[0]
        return
    yield "arithmetic", ast.BinOp(left=node.left, op=_ARITHMETIC.get(type(node.op), ast.Add)(), right=node.right)
    yield "operand left out", node.left


def _other(node: ast.BinOp, part: ast.expr) -> ast.expr:
    return node.right if part is node.left else node.left


def _step(node: ast.AugAssign, scope: Scope) -> Variants:
    if not _is_textual(node.value):
        other = _ARITHMETIC.get(type(node.op), ast.Add)
        yield "arithmetic", ast.AugAssign(target=node.target, op=other(), value=node.value)


def _is_textual(node: ast.AST) -> bool:
    return isinstance(node, _TEXTUAL) or (isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)))


def _constant(node: ast.Constant, scope: Scope) -> Variants:
    value = node.value
    if isinstance(value, bool):
        yield "constant", ast.Constant(value=not value)
    elif isinstance(value, (int, float)) and abs(value) < 1e15:
        yield "boundary", ast.Constant(value=value + 1)
        yield "constant", ast.Constant(value=value - 1)
    elif isinstance(value, str):
        yield "constant", ast.Constant(value="" if value else " ")


def _connective(node: ast.BoolOp, scope: Scope) -> Variants:
    other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    yield "and, or", ast.BoolOp(op=other, values=node.values)
    rest = node.values[1:]
    yield "condition left out", rest[0] if len(rest) == 1 else ast.BoolOp(op=node.op, values=rest)


def _unary(node: ast.UnaryOp, scope: Scope) -> Variants:
    if isinstance(node.op, (ast.Not, ast.USub)):
        yield "negation", node.operand


def _choice(node: ast.IfExp, scope: Scope) -> Variants:
    yield "negation", ast.IfExp(test=_negated(node.test), body=node.body, orelse=node.orelse)


def _branch(node: ast.If, scope: Scope) -> Variants:
    yield "negation", ast.If(test=_negated(node.test), body=node.body, orelse=node.orelse)
    if node.orelse:
        yield "branch left out", ast.If(test=node.test, body=node.body, orelse=[])
    yield "branch left out", ast.If(test=node.test, body=[ast.Pass()], orelse=node.orelse)


def _negated(test: ast.expr) -> ast.expr:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    return ast.UnaryOp(op=ast.Not(), operand=test)


def _filter(node: ast.comprehension, scope: Scope) -> Variants:
    if node.ifs:
        yield (
            "condition left out",
            ast.comprehension(target=node.target, iter=node.iter, ifs=node.ifs[1:], is_async=node.is_async),
        )


def _statement(node: ast.stmt, scope: Scope) -> Variants:
    if isinstance(node, ast.Expr):
        droppable = isinstance(node.value, ast.Call)
    elif isinstance(node, ast.Assign):
        droppable = all(_is_bound(target, node.value, scope) for target in node.targets)
    else:
        droppable = True
    if droppable:
        yield "statement left out", ast.Pass()


def _is_bound(target: ast.AST, value: ast.AST, scope: Scope) -> bool:
    """Without the assignment the name is still there, so that leaving it out does not simply raise."""
    if isinstance(target, (ast.Attribute, ast.Subscript)):
        return True
    read = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
    return isinstance(target, ast.Name) and (target.id in read or target.id in scope.parameters)


def _loop(node: ast.For | ast.AsyncFor, scope: Scope) -> Variants:
    yield "loop left out", ast.Pass()


def _result(node: ast.Return, scope: Scope) -> Variants:
    if node.value is not None:
        yield from ((name, ast.Return(value=value)) for name, value in zip(RESULTS, scope.results, strict=False))


def _slice(node: ast.Slice, scope: Scope) -> Variants:
    step = node.step
    if node.lower is None:
        yield "slice", ast.Slice(lower=ast.Constant(value=1), upper=node.upper, step=step)
    else:
        yield "slice", ast.Slice(lower=None, upper=node.upper, step=step)
    yield "slice", ast.Slice(lower=node.lower, upper=None if node.upper else ast.Constant(value=-1), step=step)
    if step is not None:
        yield "slice", ast.Slice(lower=node.lower, upper=node.upper, step=None)


def _call(node: ast.Call, scope: Scope) -> Variants:
    func = node.func
    name = func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""
    if name in _SWAPS:
        yield "another function", ast.Call(func=_renamed(func, _SWAPS[name]), args=node.args, keywords=node.keywords)
    if not isinstance(func, ast.Name):
        if name in _KEEPERS and isinstance(func, ast.Attribute):
            yield "call left out", func.value
    elif name in _ORDERS and node.args:
        yield "order", ast.Call(func=_renamed(func, _ORDERS[name]), args=node.args[:1], keywords=[])
    elif name in _KEEPERS and node.args:
        yield "call left out", node.args[0]
    elif name == "range" and len(node.args) == 1:
        yield "boundary", ast.Call(func=func, args=[ast.Constant(value=1), *node.args], keywords=[])


def _renamed(func: ast.expr, name: str) -> ast.expr:
    if isinstance(func, ast.Attribute):
        return ast.Attribute(value=func.value, attr=name, ctx=ast.Load())
    return ast.Name(id=name, ctx=ast.Load())


_DROPPED = (ast.Expr, ast.Assign, ast.AugAssign, ast.Raise, ast.Break, ast.Continue, ast.Delete)
_MAKERS: tuple[tuple[type | tuple[type, ...], Callable[..., Variants]], ...] = (
    (ast.Return, _result),
    (ast.Compare, _comparison),
    (ast.BinOp, _arithmetic),
    (ast.AugAssign, _step),
    (ast.Constant, _constant),
    (ast.BoolOp, _connective),
    (ast.UnaryOp, _unary),
    (ast.IfExp, _choice),
    (ast.If, _branch),
    (ast.comprehension, _filter),
    (_DROPPED, _statement),
    ((ast.For, ast.AsyncFor), _loop),
    (ast.Slice, _slice),
    (ast.Call, _call),
)
