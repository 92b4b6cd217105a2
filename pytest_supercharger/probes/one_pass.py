"""The same input where it can be read only once: what an `Iterable` promises, and many candidates do not keep."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from pytest_supercharger.probes.calls import Caller, parsed
from pytest_supercharger.probes.making import is_literal, rebuilt
from pytest_supercharger.probes.typed import allows, arguments, parameters

if TYPE_CHECKING:
    from pytest_supercharger.domain import Probe, Stub

__all__ = ["one_pass"]


def one_pass(probe: Probe, stub: Stub) -> Probe | None:
    """The probe with an iterator for each literal that an `Iterable` parameter gets; None where there is none.

    A right candidate gives the same result: to ask for `len`, to iterate twice or to test for emptiness is to ask for
    more than the signature promises.
    """
    tree, imports = parsed(probe.expression), parsed(probe.imports)
    if tree is None:
        return None
    caller, expected = Caller.of(stub, imports.body if imports else []), parameters(stub)
    found = {
        node
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and caller.matches(call)
        for node, annotation in arguments(call, expected)
        if allows(annotation, "Iterable") and is_literal(node) and not isinstance(node, ast.Constant)
    }
    if not found:
        return None
    return rebuilt(probe.imports, probe.setup, ast.unparse(_Wrapped(found).visit(tree)))


class _Wrapped(ast.NodeTransformer):
    def __init__(self, nodes: set[ast.expr]) -> None:
        self.nodes = nodes

    def visit(self, node: ast.AST) -> ast.AST:
        if node in self.nodes:
            return ast.Call(ast.Name("iter", ast.Load()), [node], [])
        return self.generic_visit(node)
