"""Which names of a piece of code are its own."""

from __future__ import annotations

import ast
import symtable
from typing import TYPE_CHECKING

from pytest_supercharger import parsing

if TYPE_CHECKING:
    from pytest_supercharger.domain import Stub

__all__ = ["own", "parameters"]


def own(tree: ast.AST) -> frozenset[str]:
    """Names bound in this piece and read from nowhere else: a binding in one scope hides no builtin in another."""
    try:
        tables = [symtable.symtable(ast.unparse(tree), "<candidate>", "exec")]
    except SyntaxError:
        return frozenset()
    for table in tables:
        tables += table.get_children()
    # A name bound in the body of a class is looked up outside as long as it is not bound yet.
    used = [(table, symbol) for table in tables for symbol in table.get_symbols() if symbol.is_referenced()]
    return _bound(tree) - {s.get_name() for table, s in used if s.is_global() or table.get_type() == "class"}


def _bound(tree: ast.AST) -> frozenset[str]:
    """Names the candidate binds itself, anywhere in this piece, apart from modules and `global` names."""
    names: set[str] = set()
    for node in parsing.walked(tree):
        if isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler)):
            names.add(node.name or "")
    taken = {name for node in parsing.walked(tree) if isinstance(node, ast.Global) for name in node.names}
    return frozenset(names - taken)


def parameters(stub: Stub) -> frozenset[str]:
    """The names of the parameters of a stub."""
    tree = parsing.module(f"{stub.signature}: ...")
    return frozenset(node.arg for node in parsing.walked(tree) if isinstance(node, ast.arg))
