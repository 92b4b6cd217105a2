"""What the docstring's examples define: a test that uses the name means that definition."""

from __future__ import annotations

import ast
import doctest

from pytest_supercharger.clean._names import bound_names
from pytest_supercharger.clean._syntax import FunctionNode, parse
from pytest_supercharger.domain import Stub

__all__ = ["shown"]


def shown(stub: Stub) -> list[ast.stmt]:
    """Return the functions, classes and literal constants that stand in the docstring's examples.

    A name that is bound twice, or to an object that later examples may change, is left out: which state of it a test
    would mean is a guess.
    """
    try:
        parts = doctest.DocTestParser().get_examples(stub.docstring)
    except ValueError:  # an odd indentation: the examples are nobody's
        return []
    trees = [tree for part in parts if (tree := parse(part.source)) is not None]
    statements = [statement for tree in trees for statement in tree.body]
    names = [name for statement in statements for name in bound_names(statement)]
    return [s for s in statements if _is_definition(s) and all(names.count(name) == 1 for name in bound_names(s))]


def _is_definition(node: ast.stmt) -> bool:
    if isinstance(node, FunctionNode):
        return not node.name.startswith("test")
    if isinstance(node, ast.Assign):
        return all(isinstance(t, ast.Name) for t in node.targets) and isinstance(node.value, ast.Constant)
    return isinstance(node, ast.ClassDef)
