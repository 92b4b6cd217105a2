"""By what an accepted function is known again: hashes of its code and of what that was written from."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_supercharger import parsing

__all__ = ["Fingerprint", "located", "of", "of_node"]

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """The hashes of one function."""

    function: str  # of its code, docstring, comments and layout left out
    specification: str  # of signature and docstring, layout left out


def of(data: bytes, qualname: str) -> tuple[Fingerprint, ...]:
    """The hashes of every function of that name, in the order of the file; none of a file that does not parse."""
    try:
        tree = parsing.module(data)
    except (SyntaxError, ValueError):
        return ()
    return tuple(of_node(node) for node in _named(tree, qualname) if not isinstance(node, ast.ClassDef))


def of_node(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Fingerprint:
    """The hashes of a definition."""
    docstring = ast.get_docstring(node)
    code, head = parsing.copied(node), parsing.copied(node)
    if ast.get_docstring(node, clean=False) is not None:
        code.body = code.body[1:]
    head.decorator_list, head.body = [], [ast.Pass()]
    return Fingerprint(
        function=_digest(ast.unparse(code)), specification=_digest(f"{ast.unparse(head)}\n{docstring or ''}")
    )


def located(tree: ast.Module, qualname: str) -> ast.AST | None:
    """The last definition of that name."""
    return next(reversed([*_named(tree, qualname)]), None)


def _named(node: ast.AST, qualname: str) -> Iterator[_Definition]:
    name, _, rest = qualname.partition(".")
    for child in _definitions(node):
        if child.name == name:
            yield from _named(child, rest) if rest else (child,)


def _definitions(node: ast.AST) -> Iterator[_Definition]:
    """Those of this scope, also under `if` and `try`; a method of the same name is another function."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield child
        else:
            yield from _definitions(child)


def _digest(text: str) -> str:
    # Of what is unparsed, not ast.dump: its text changes from one Python to the next, and CI may have another one.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
