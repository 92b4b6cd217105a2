"""From the canonical text of a value (`sandbox/inside/canonical.py`) to an expression that a test compares with."""

from __future__ import annotations

import ast
import builtins
import keyword
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from pytest_supercharger import parsing

__all__ = ["Literal", "attributes", "expression", "value"]

_MODULES = {
    "Counter": "collections",
    "OrderedDict": "collections",
    "deque": "collections",
    "Decimal": "decimal",
    "Fraction": "fractions",
    "UUID": "uuid",
    "PosixPath": "pathlib",
    "PurePosixPath": "pathlib",
    "PureWindowsPath": "pathlib",
}
_BUILTINS = frozenset({"set", "frozenset", "range", "bytearray", "complex"})
_OF_DATETIME = frozenset({"date", "timedelta", "timezone"})
_DIGITS = 6  # of a rounded number
_TOO_MUCH = (RecursionError, ValueError, MemoryError)  # of what parses, and cannot be written again


class _NoLiteral(Exception):
    """The text stands for something that cannot be written down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """An expression, and the imports it needs."""

    source: str
    imports: frozenset[str] = frozenset()
    taken_from: str = ""  # "list" where the result has to be made one first: it was an iterator
    is_rounded: bool = False  # the value itself has more digits


def value(text: str, *, module: str, classes: Collection[str], floats: bool) -> Literal | None:
    """What a test compares a result with; None where the text has no such form.

    Numbers are compared by `pytest.approx` where they are floats, all of them where `floats` are announced: the text
    of 2.0 is that of 2. `classes` are those that the user's file defines: they are imported from its `module`, and no
    other name of it is, for a candidate can call its own classes as it likes.
    """
    node = expression(text)
    if node is None:
        return None
    writer = _Writer(module, classes, floats)
    taken = ""
    try:
        match node:
            case ast.Call(func=ast.Name(id="iterator"), args=[ast.List() as items]):
                node, taken = items, "list"
        source = ast.unparse(ast.fix_missing_locations(writer.written(node)))
    except (_NoLiteral, *_TOO_MUCH):
        return None
    return Literal(source=source, imports=frozenset(writer.imports), taken_from=taken, is_rounded=writer.is_rounded)


def attributes(text: str) -> dict[str, str] | None:
    """The attributes in the text of an object's state, by name; None where it is no such text."""
    node = expression(text)
    if not isinstance(node, ast.Call) or node.args or not all(k.arg for k in node.keywords):
        return None
    try:
        return {str(k.arg): ast.unparse(k.value) for k in node.keywords}
    except _TOO_MUCH:
        return None


def expression(text: str) -> ast.expr | None:
    """The tree of a text; None where it is no expression."""
    try:
        return parsing.expression(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class _Writer:
    """Checks a tree node by node, and makes of it what a test may say."""

    def __init__(self, module: str, classes: Collection[str], floats: bool) -> None:
        self._module, self._classes, self._floats = module, classes, floats
        self.imports: set[str] = set()
        self.is_rounded = False

    def written(self, node: ast.expr, *, exact: bool = False) -> ast.expr:
        match node:
            case ast.Constant(value=bool() | None | str() | bytes()):
                return node
            case ast.Constant(value=int() | float()):
                return self._number(node, exact)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float())):
                return self._number(node, exact)
            case ast.Name(id="inf") | ast.UnaryOp(op=ast.USub(), operand=ast.Name(id="inf")):
                return ast.Call(ast.Name("float"), [ast.Constant(ast.unparse(node))], [])
            case ast.List(elts=items):
                return ast.List([self.written(item, exact=exact) for item in items])
            case ast.Tuple(elts=items):
                return ast.Tuple([self.written(item, exact=exact) for item in items])
            case ast.Set(elts=items):
                return ast.Set([self.written(item, exact=True) for item in items])
            case ast.Dict(keys=keys, values=values):
                written = [None if key is None else self.written(key, exact=True) for key in keys]
                return ast.Dict(list(written), [self.written(item, exact=exact) for item in values])
            case ast.Call():
                return self._call(node, exact)
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id="datetime"), attr="timezone"), attr="utc"):
                self.imports.add("import datetime")
                return node
            case ast.Attribute():
                return self._member(node)
        raise _NoLiteral

    def _number(self, node: ast.expr, exact: bool) -> ast.expr:
        number = ast.literal_eval(node)
        if not self._floats and isinstance(number, int):
            return node
        if exact:
            if isinstance(number, int):
                return node
            raise _NoLiteral
        self.is_rounded = self.is_rounded or len(repr(number).partition(".")[2]) >= _DIGITS
        self.imports.add("import pytest")
        # The canonical text has six significant digits below 1, fewer than approx looks at by itself.
        tolerance = [ast.keyword("rel", ast.Constant(1e-05))]
        return ast.Call(ast.Attribute(ast.Name("pytest"), "approx"), [node], tolerance)

    def _call(self, node: ast.Call, exact: bool) -> ast.expr:
        match node.func:
            case ast.Name(id="defaultdict") if len(node.args) == 1:
                return self.written(node.args[0], exact=exact)  # equals a plain one
            case ast.Name(id="set" | "frozenset" as name) if len(node.args) == 1:
                return self._set(name, node.args[0])
            case ast.Name(id=name) if name in _BUILTINS:
                return self._with_arguments(node, node.func)
            case ast.Name(id=name) if name in _MODULES:
                self.imports.add(f"from {_MODULES[name]} import {name}")
                return self._with_arguments(node, node.func)
            case ast.Attribute(value=ast.Name(id="datetime"), attr=name) if name in _OF_DATETIME:
                self.imports.add("import datetime")
                return self._with_arguments(node, node.func)
            case ast.Attribute():
                return self._with_arguments(node, self._class(node.func), exact=exact)
        raise _NoLiteral

    def _set(self, name: str, items: ast.expr) -> ast.expr:
        plain = self.written(items, exact=True)
        if name == "set" and isinstance(plain, ast.Set):
            return plain
        empty = isinstance(plain, ast.Dict)
        return ast.Call(ast.Name(name), [] if empty else [plain], [])

    def _with_arguments(self, node: ast.Call, func: ast.expr, *, exact: bool = True) -> ast.expr:
        if not all(k.arg and _is_plain(k.arg) for k in node.keywords):
            raise _NoLiteral
        positional = [self.written(argument, exact=True) for argument in node.args]
        named = [ast.keyword(k.arg, self.written(k.value, exact=exact)) for k in node.keywords]
        return ast.Call(func, positional, named)

    def _class(self, node: ast.expr) -> ast.expr:
        """A class of the user's file, without the module in front."""
        names = [*_dotted(node)]
        home = self._module.split(".")
        own = names[len(home) :]
        if names[: len(home)] != home or ".".join(own) not in self._classes:
            raise _NoLiteral
        if not all(_is_plain(name) and not hasattr(builtins, name) for name in own):
            raise _NoLiteral
        self.imports.add(f"from {self._module} import {own[0]}")
        return expression(".".join(own)) or node

    def _member(self, node: ast.Attribute) -> ast.expr:
        """What a class of the user's file has, as an enumeration its members."""
        if not _is_plain(node.attr):
            raise _NoLiteral
        return ast.Attribute(self._class(node.value), node.attr)


def _is_plain(name: str) -> bool:
    is_dunder = name.startswith("__") and name.endswith("__")
    return name.isidentifier() and not keyword.iskeyword(name) and not is_dunder


def _dotted(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Attribute):
        yield from _dotted(node.value)
        yield node.attr
    elif isinstance(node, ast.Name):
        yield node.id
    else:
        raise _NoLiteral
