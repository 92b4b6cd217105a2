"""Values as expressions that give them again, with the imports and helper functions these need."""

from __future__ import annotations

import ast
import builtins
import contextlib
import importlib
import inspect
import io
import itertools
import math
import re
import sys
import textwrap
import types
import weakref
from collections.abc import Iterable
from typing import Any

__all__ = ["Page", "Unwritable", "made", "plain_repr"]

_MOST_CHARACTERS = 600
_DEPTH = 6
_MOST_ITEMS = 100
_PLAIN = (type(None), bool, int, str, bytes, complex, type(...), range)
_OPEN = {list: "[{}]", tuple: "({})", set: "{{{}}}", frozenset: "frozenset({{{}}})"}
_ITERATORS = tuple(type(iter(thing)) for thing in ([], (), "", range(0), b"", {}))


_made: dict[int, tuple[weakref.ref[Any], str, set[str], list[str]]] = {}  # objects by the calls that made them


class Unwritable(Exception):
    """There is no short expression for a value."""


def made(value: Any, *, text: str, imports: set[str], helpers: list[str]) -> None:
    """Note the expression that makes an object, with what it needs."""
    with contextlib.suppress(TypeError):  # nothing tells when it is gone, and another one may come to its place
        _made[id(value)] = (weakref.ref(value), text, imports, helpers)


def plain_repr(value: Any) -> str:
    """What the `repr` of a value says, where it has one of its own that names no address.

    Raises:
        Unwritable: it has none.
    """
    parts = value if type(value) is list else [value]
    if not all(isinstance(type(part).__repr__, types.FunctionType) for part in parts):
        raise Unwritable
    try:
        text = repr(value)
    except Exception as error:  # of the project's code
        raise Unwritable from error
    if len(text) > _MOST_CHARACTERS or re.search(r"\b0x[0-9a-f]{6}|<(function|bound|built-in|generator)\b", text):
        raise Unwritable
    return text


class Page:
    """Collects what the expressions written on it need."""

    def __init__(self, *, results: bool = False) -> None:
        """`results`: no object is written by the call that made it, as it need not be equal to another one."""
        self.imports: set[str] = set()
        self.helpers: list[str] = []
        self._results = results

    def write(self, value: Any, depth: int = 0) -> str:
        """An expression for the value.

        Raises:
            Unwritable: there is none.
        """
        if depth > _DEPTH:
            raise Unwritable
        text = self._text(value, depth)
        if len(text) > _MOST_CHARACTERS:
            raise Unwritable
        return text

    def _text(self, value: Any, depth: int) -> str:
        kind = type(value)
        if kind in _PLAIN:
            return repr(value)
        if kind is float:
            return repr(value) if math.isfinite(value) else f"float({str(value)!r})"
        if kind in _OPEN:
            return self._collection(value, depth)
        if kind is dict and len(value) <= _MOST_ITEMS:
            pairs = (f"{self.write(k, depth + 1)}: {self.write(v, depth + 1)}" for k, v in value.items())
            return "{" + ", ".join(pairs) + "}"
        if kind in (io.BytesIO, io.StringIO):
            self.imports.add("import io")
            return f"io.{kind.__name__}({self.write(value.getvalue())})"
        if kind is re.Match and value.endpos == len(value.string):
            self.imports.add("import re")
            return f"re.compile({value.re.pattern!r}, {value.re.flags}).match({value.string!r}, {value.pos})"
        if kind in _ITERATORS:
            return self._iterator(value, depth)
        if isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType)):
            return self._named(value)
        try:
            return self._by_repr(value)
        except Unwritable:
            return self._by_making(value)

    def _by_making(self, value: Any) -> str:
        known = _made.get(id(value))
        if self._results or known is None or known[0]() is not value:
            raise Unwritable
        _, text, imports, helpers = known
        self.imports |= imports
        self.helpers += [helper for helper in helpers if helper not in self.helpers]
        return text

    def _collection(self, value: Iterable[Any], depth: int) -> str:
        if len(value) > _MOST_ITEMS:  # type: ignore[arg-type]
            raise Unwritable
        parts = [self.write(item, depth + 1) for item in value]
        if isinstance(value, (set, frozenset)):
            parts.sort()  # the order of a set is another one in every process
        if not parts:
            return {list: "[]", tuple: "()", set: "set()", frozenset: "frozenset()"}[type(value)]  # type: ignore[index]
        inner = ", ".join(parts) + ("," if isinstance(value, tuple) and len(parts) == 1 else "")
        return _OPEN[type(value)].format(inner)  # type: ignore[index]

    def _iterator(self, value: Any, depth: int) -> str:
        state = value.__reduce__()
        start = state[2] if len(state) > 2 and state[2] is not None else 0
        items = list(itertools.islice(state[1][0], start, start + _MOST_ITEMS + 1))
        if len(items) > _MOST_ITEMS:
            raise Unwritable
        return f"iter({self.write(items, depth + 1)})"

    def _named(self, value: Any) -> str:
        if value is id:
            raise Unwritable  # a text gives equal values, not the same ones
        name, module = value.__qualname__, getattr(value, "__module__", None)
        if getattr(builtins, name.partition(".")[0], None) is not None and module in (None, "builtins"):
            if _reached(builtins, name) is not value:
                raise Unwritable
            return str(name)
        if _is_test(module) or "<" in name:
            return self._own(value)
        if _reached(sys.modules.get(str(module)), name) is not value and not hasattr(value, "__wrapped__"):
            raise Unwritable
        if str(module).startswith("_"):
            module = str(module).lstrip("_")
            if _public(module, name) is not value:
                raise Unwritable
        self.imports.add(f"from {module} import {name.partition('.')[0]}")
        return str(name)

    def _own(self, value: Any) -> str:
        """A function of a test, by its text; it has to stand alone."""
        if not isinstance(value, types.FunctionType) or value.__closure__ or value.__defaults__:
            raise Unwritable
        if any(not hasattr(builtins, name) for name in _globals_of(value.__code__) & value.__globals__.keys()):
            raise Unwritable
        try:
            source = textwrap.dedent(inspect.getsource(value))
            tree = ast.parse(source)
        except (OSError, SyntaxError, TypeError):
            raise Unwritable from None
        if value.__name__ != "<lambda>":
            (node,) = tree.body
            if not isinstance(node, ast.FunctionDef) or node.decorator_list or node.name.startswith("test"):
                raise Unwritable
            if source not in self.helpers:
                self.helpers.append(source)
            return value.__name__
        found = [node for node in ast.walk(tree) if isinstance(node, ast.Lambda)]
        if len(found) != 1:
            raise Unwritable
        return f"({ast.unparse(found[0])})"

    def _by_repr(self, value: Any) -> str:
        """What its own `repr` says, where that gives an equal value again."""
        module = sys.modules.get(type(value).__module__)
        if module is None or _is_test(module.__name__) or module.__name__ == "__main__":
            raise Unwritable
        try:
            text = repr(value)
        except Exception as error:  # of the project's code, on an object that is not whole yet
            raise Unwritable from error
        if len(text) > _MOST_CHARACTERS or "<" in text:
            raise Unwritable
        space = dict(vars(module))
        root = module.__name__.partition(".")[0]
        if text.startswith(f"{root}.") or root not in space:  # `datetime.datetime(...)`: the module, not its class
            space[root] = sys.modules.get(root)
        try:
            again = eval(text, space)
            same = type(again) is type(value) and bool(again == value) and repr(again) == text
        except Exception as error:  # a repr is any text, and a comparison any program
            raise Unwritable from error
        if not same:
            raise Unwritable
        names = {node.id for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Name)}
        for name in sorted(names - set(dir(builtins))):
            is_module = isinstance(space[name], types.ModuleType)
            self.imports.add(f"import {name}" if is_module else f"from {module.__name__} import {name}")
        return text


def _globals_of(code: types.CodeType) -> set[str]:
    inner = (const for const in code.co_consts if isinstance(const, types.CodeType))
    return set(code.co_names).union(*map(_globals_of, inner))


def _public(module: str, qualname: str) -> Any:
    try:
        return _reached(importlib.import_module(module), qualname)
    except ImportError:
        return None


def _reached(place: Any, qualname: str) -> Any:
    for part in qualname.split("."):
        place = getattr(place, part, None)
    return place


def _is_test(module: str | None) -> bool:
    last = str(module).split(".")
    return any(part.startswith("test") or part.endswith("_test") or part == "conftest" for part in last)
