"""Constants of the type that a function returns, from what it was seen to return, its annotation or its text."""

from __future__ import annotations

import ast
from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING

from pytest_supercharger import parsing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_supercharger.domain import Stub

__all__ = ["constants"]

_WANTED = 2  # a test whose value is the first one fails on the second
_LONGEST = 200  # characters of a result
_BY_TYPE = MappingProxyType(
    {
        "int": ("0", "1"),
        "float": ("0.0", "1.0"),
        "complex": ("0j", "1j"),
        "bool": ("False", "True"),
        "str": ("''", "'x'"),
        "bytes": ("b''", "b'x'"),
        "list": ("[]", "[0]"),
        "tuple": ("()", "(0,)"),
        "set": ("set()", "{0}"),
        "frozenset": ("frozenset()", "frozenset({0})"),
        "dict": ("{}", "{0: 0}"),
    }
)
_OWN = frozenset(text for pair in _BY_TYPE.values() for text in pair)
_ALIASES = MappingProxyType(
    {
        "List": "list",
        "Sequence": "list",
        "Iterable": "list",
        "Iterator": "list",
        "Collection": "list",
        "Tuple": "tuple",
        "Set": "set",
        "Dict": "dict",
        "Mapping": "dict",
    }
)
_DISPLAYS: tuple[tuple[tuple[type, ...], str], ...] = (
    ((ast.List, ast.ListComp), "list"),
    ((ast.Tuple,), "tuple"),
    ((ast.Set, ast.SetComp), "set"),
    ((ast.Dict, ast.DictComp), "dict"),
    ((ast.JoinedStr,), "str"),
    ((ast.Compare,), "bool"),
)
_OF_CALLS = MappingProxyType(
    {"len": "int", "ord": "int", "sum": "int", "sorted": "list", "any": "bool", "all": "bool", "repr": "str"}
    | {"join": "str", "lower": "str", "upper": "str", "strip": "str", "replace": "str", "split": "list"}
    | {name: name for name in _BY_TYPE}
)


def constants(stub: Stub, body: Sequence[ast.stmt], seen: Sequence[str]) -> tuple[ast.expr, ...]:
    """Two different constants of the type that is returned, fewer where it is not known."""
    found: dict[str, ast.expr] = {}
    for text in (*_usual(seen), *_guessed(stub, body)):
        value = _literal(text)
        if value is not None:
            found.setdefault(ast.dump(value), value)
    return tuple(found.values())[:_WANTED]


def _usual(seen: Sequence[str]) -> Iterator[str]:
    """What was returned, the most frequent first."""
    yield from (text for text, _ in Counter(seen).most_common())


def _guessed(stub: Stub, body: Sequence[ast.stmt]) -> Iterator[str]:
    for kind in (*_annotated(stub), *_shown(body)):
        yield from _BY_TYPE.get(kind, ())


def _annotated(stub: Stub) -> Iterator[str]:
    """The names of types in the annotation of the result, from the outside in."""
    (function,) = parsing.module(f"{stub.signature.rstrip().removesuffix(':')}: ...").body
    returns = getattr(function, "returns", None)
    if isinstance(returns, ast.Constant) and isinstance(returns.value, str):
        returns = parsing.expression(returns.value).body
    for part in _alternatives(returns):
        name = part.id if isinstance(part, ast.Name) else part.attr if isinstance(part, ast.Attribute) else ""
        yield _ALIASES.get(name, name)


def _alternatives(node: ast.expr | None) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp):
        yield from _alternatives(node.left)
        yield from _alternatives(node.right)
    elif isinstance(node, ast.Subscript):
        named = ast.unparse(node.value).rpartition(".")[2]
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        for part in inner if named in ("Optional", "Union") else [node.value]:
            yield from _alternatives(part)
    elif node is not None:
        yield node


def _shown(body: Sequence[ast.stmt]) -> Iterator[str]:
    """The types of what stands behind `return`, as far as the text shows them."""
    returned = [node.value for statement in body for node in ast.walk(statement) if isinstance(node, ast.Return)]
    for value in returned:
        if isinstance(value, ast.Constant):
            yield type(value.value).__name__
        elif isinstance(value, ast.Call):
            func = value.func
            yield _OF_CALLS.get(getattr(func, "id", getattr(func, "attr", "")), "")
        else:
            yield next((name for kinds, name in _DISPLAYS if isinstance(value, kinds)), "")


def _literal(text: str) -> ast.expr | None:
    """The expression where it is nothing but a constant, or a display of constants."""
    if len(text) > _LONGEST:
        return None
    try:
        node = parsing.expression(text).body
        if text not in _OWN:
            ast.literal_eval(node)
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return None
    return node
