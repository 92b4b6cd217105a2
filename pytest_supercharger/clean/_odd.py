"""How odd a tree is: what parses and was hardly meant, so that of two small edits the sensible one comes first."""

from __future__ import annotations

import ast

from pytest_supercharger.clean._syntax import FunctionNode

__all__ = ["loose", "oddness", "stray"]

_Loops = ast.For | ast.AsyncFor | ast.While
_Ends = ast.Return | ast.Raise | ast.Break | ast.Continue


def stray(tree: ast.Module) -> int:
    """Return the first line of a `return`, `yield`, `break` or `continue` that stands outside, 0 when there is none."""
    return min((row for row in _strays(tree)), default=0)


def _strays(tree: ast.Module) -> list[int]:
    rows: list[int] = []
    stack: list[tuple[ast.AST, bool, bool]] = [(tree, False, False)]
    while stack:
        node, function, loop = stack.pop()
        if isinstance(node, ast.Return | ast.Yield | ast.YieldFrom) and not function:
            rows.append(node.lineno)
        if isinstance(node, ast.Break | ast.Continue) and not loop:
            rows.append(node.lineno)
        if isinstance(node, FunctionNode | ast.Lambda):
            function, loop = True, False
        elif isinstance(node, ast.ClassDef):
            function = loop = False
        orelse = {id(child) for child in node.orelse} if isinstance(node, _Loops) else set()
        inside = loop or isinstance(node, _Loops)
        stack.extend((c, function, loop if id(c) in orelse else inside) for c in ast.iter_child_nodes(node))
    return rows


def oddness(tree: ast.Module) -> float:
    """Return how odd the tree is, 0 when nothing in it is."""
    odd = 0.0
    for node in ast.walk(tree):
        odd += _useless(node) + _dead(node) + _absurd(node)
    return odd


def loose(tree: ast.Module) -> int:
    """Return how many statements stand outside of everything that would be called, behind the first definition."""
    kinds = (ast.Expr, ast.If, ast.For, ast.While, ast.With, ast.Try, ast.AugAssign, ast.Assign, ast.Return)
    definitions = [at for at, node in enumerate(tree.body) if isinstance(node, FunctionNode | ast.ClassDef)]
    return sum(isinstance(node, kinds) for node in tree.body[definitions[0] :]) if definitions else 0


def _useless(node: ast.AST) -> float:
    """A value that nobody takes."""
    if not isinstance(node, ast.Expr):
        return 0.0
    if isinstance(node.value, ast.Compare | ast.Name | ast.BinOp | ast.Tuple | ast.Attribute | ast.Subscript):
        return 0.4
    return 0.0


def _dead(node: ast.AST) -> float:
    """A statement that is never reached."""
    blocks = [getattr(node, name, None) for name in ("body", "orelse", "finalbody")]
    found = [b for b in blocks if isinstance(b, list)]
    return 0.4 * sum(isinstance(s, _Ends) for block in found for s in block[:-1])


def _absurd(node: ast.AST) -> float:
    """A call of, or a comparison with, what never can be one."""
    if isinstance(node, ast.Call):
        return 0.5 * isinstance(node.func, ast.Constant | ast.Tuple | ast.List | ast.Dict | ast.JoinedStr)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Constant):
        return 0.3 * (not isinstance(node.value.value, str | bytes))
    return 0.0
