"""By what an accepted function is known again: hashes of its code and of what that was written from."""

from __future__ import annotations

import ast
import hashlib
from dataclasses import dataclass

from pytest_supercharger import parsing
from pytest_supercharger.marks import Function
from pytest_supercharger.occurrences import Occurrence, functions

__all__ = ["Fingerprint", "Known", "located", "of", "of_node"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """The hashes of one function."""

    function: str  # of its code, docstring, comments and layout left out
    specification: str  # of signature and docstring, layout left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a function when it is looked for again."""

    qualname: str
    number: int = 1  # among the definitions of its name
    function: str = ""  # hashes, "" where there is none
    specification: str = ""


def of(data: bytes, known: Known) -> Fingerprint | None:
    """The hashes that a function has now; None where it is gone, or the file does not parse."""
    try:
        node = located(parsing.module(data), known)
    except (SyntaxError, ValueError):
        return None
    return of_node(node) if node is not None else None


def of_node(node: Function) -> Fingerprint:
    """The hashes of a definition."""
    docstring = ast.get_docstring(node)
    code, head = parsing.copied(node), parsing.copied(node)
    if ast.get_docstring(node, clean=False) is not None:
        code.body = code.body[1:]
    head.decorator_list, head.body = [], [ast.Pass()]
    return Fingerprint(
        function=_digest(ast.unparse(code)), specification=_digest(f"{ast.unparse(head)}\n{docstring or ''}")
    )


def located(tree: ast.Module, known: Known) -> Function | None:
    """The definition that is meant: by its code, then by signature and docstring, then by its place."""

    def strangeness(one: Occurrence) -> tuple[bool, bool, int]:
        found = of_node(one.node)
        return (
            found.function != known.function,
            found.specification != known.specification,
            abs(one.number - known.number),
        )

    matches = [one for one in functions(tree) if one.number and one.found.qualname == known.qualname]
    return min(matches, key=strangeness).node if matches else None


def _digest(text: str) -> str:
    # Of what is unparsed, not ast.dump: its text changes from one Python to the next, and CI may have another one.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
