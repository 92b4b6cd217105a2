"""What each of the two processes of a split run knows and allows: the test's is trusted, the candidate's is not.

The test's process finds classes and functions of the project alone, hands over only what the test itself made, and lets
the other one do little with it. The candidate's process does what it is told.
"""

from __future__ import annotations

import collections
import datetime
import enum
import functools
import importlib
import io
import sys
import types
from typing import Any

from . import numbering
from .split_standins import SPECIAL, NotEncodable
from .split_table import BUILTIN_TYPES, GETTERS, VALUE_TYPES, Table, kind_of, module_of, name_of
from .split_values import BASES

__all__ = ["CandidateSide", "TestSide"]

Wire = Any
_ALLOWED = {
    "call": ("call",),
    "async": ("call",),
    "iterator": ("next",),
    "awaitable": ("wait",),
    "async iterator": ("next",),
    "object": ("attr", "set", "special"),
}
_NO_LIBRARIES = {"None", "pytest_supercharger", __name__.partition(".")[0]}
_PLAIN_OWNERS = (*BASES, bytearray, collections.deque, io.StringIO, io.BytesIO)


class CandidateSide(Table):
    """The process of the candidate: hands over everything, and finds everything."""

    me = "candidate"

    def reference(self, thing: object) -> str | None:
        """The name of anything that has one."""
        return name_of(thing)

    def find(self, reference: str) -> object | None:
        """Anything that can be imported, without what stands around a function of the project."""
        if reference in VALUE_TYPES:
            return VALUE_TYPES[reference]
        module, _, qualname = reference.partition(":")
        if not qualname:
            return None
        found: Any = importlib.import_module(module)
        for part in qualname.partition("#")[0].split("."):
            found = vars(found)[part] if isinstance(found, type) and part in vars(found) else getattr(found, part)
        found = _accessor(found, reference) if isinstance(found, property) else found
        innermost: object = _innermost(found)
        return innermost

    def hand_over(self, thing: object, *, known: bool = False) -> Wire:
        """A handle for anything."""
        return self._hold(thing, kind_of(thing))

    def degrade(self, thing: object, base: type) -> object:
        """The plain value: whatever its class claims, it is compared as what it is built on."""
        return BASES[base](thing)

    def permit(self, op: str, thing: object, name: str) -> None:
        """Whatever the test asks for."""


def _accessor(thing: property, reference: str) -> Any:
    """The getter, setter or deleter that a reference means: all of them have the name of the property."""
    plain = reference.partition("#")[0]
    for part in (thing.fget, thing.fset, thing.fdel):
        own = getattr(part, "__qualname__", None) == plain.partition(":")[2]
        if own and numbering.identify(part, plain) == reference:
            return part
    return thing.fget


def _innermost(thing: Any) -> Any:
    if isinstance(thing, (classmethod, staticmethod)):
        thing = thing.__func__
    if isinstance(thing, functools.cached_property):
        thing = thing.func
    while not isinstance(thing, type) and hasattr(thing, "__wrapped__") and not _is_stub(thing):
        thing = thing.__wrapped__
    return thing


def _is_stub(thing: Any) -> bool:
    return getattr(thing, "__globals__", {}).get("__name__") == "pytest_supercharger.marker"


class TestSide(Table):
    """The process of the test: it knows the project as the user wrote it, and nothing that the candidate names."""

    me = "test"
    __test__ = False

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self._named: dict[str, object] = dict(VALUE_TYPES)

    def reference(self, thing: object) -> str | None:
        """The name of a class or function that the other process can import: of the project, or of no one's test."""
        module = module_of(thing)
        name = name_of(thing) if self.is_own(module) or _is_importable(module) else None
        if name is not None:
            self._named[name] = thing
        return name

    def find(self, reference: str) -> object | None:
        """A class or function of the project, a builtin class, an enumeration that is loaded here, or what it named."""
        if str(reference) in self._named:
            return self._named[str(reference)]
        module, _, qualname = str(reference).partition(":")
        if module == "builtins":
            return BUILTIN_TYPES.get(qualname)
        found: Any = sys.modules.get(module)
        own = self.is_own(module)
        for part in qualname.split("."):
            found = vars(found).get(part) if isinstance(found, (types.ModuleType, type)) else None
        if isinstance(found, type) and found.__module__ == module:
            return found if own or (issubclass(found, enum.Enum) and _is_importable(module)) else None
        return found if own and isinstance(found, types.FunctionType) and found.__module__ == module else None

    def hand_over(self, thing: object, *, known: bool = False) -> Wire:
        """A handle for what the test itself made; raises NotEncodable for anything else."""
        if known:
            return self._hold(thing, "error") if isinstance(thing, BaseException) else None
        kind = kind_of(thing)
        if not self._is_made_here(thing, kind):
            raise NotEncodable(f"a value of type {type(thing).__module__}.{type(thing).__qualname__}")
        return self._hold(thing, kind)

    def check_foreign(self, name: str) -> None:
        """Raise NotEncodable for objects of a library that the project itself uses: they may well be equal to others.

        The candidate cannot choose that for a project without libraries, whatever it claims.
        """
        top = name.partition(":")[0].partition(".")[0]
        if top not in sys.stdlib_module_names and top in self._libraries():
            raise NotEncodable(f"a result of type {name}")

    def _libraries(self) -> set[str]:
        own = [vars(module) for name, module in [*sys.modules.items()] if self.is_own(name)]
        tops = {str(_home(thing)).partition(".")[0] for names in own for thing in [*names.values()]}
        # A name that nothing has could be claimed for anything.
        return {top for top in tops if top.isidentifier() and not self.is_own(top)} - _NO_LIBRARIES

    def degrade(self, thing: object, base: type) -> object:
        """None: the candidate may look at the class."""
        raise NotEncodable(f"a value of type {type(thing).__qualname__}, which is built on {base.__name__}")

    def permit(self, op: str, thing: object, name: str) -> None:
        """Raise AttributeError for what would lead from the thing to the rest of this process."""
        kind = kind_of(thing)
        # Only what the test handed over: a builtin called by its name could make a class that equals everything.
        if not self.was_handed_over(thing) or op not in _ALLOWED[kind]:
            raise AttributeError(f"{op} of {kind}")
        if (op == "special" and name not in SPECIAL) or (op in ("attr", "set") and name.startswith("_")):
            raise AttributeError(name)

    def _is_made_here(self, thing: Any, kind: str) -> bool:
        if isinstance(thing, datetime.tzinfo):
            return False  # what stands for it could be no part of a time
        if isinstance(thing, functools.partial):
            return self.reference(thing.func) is not None or self._is_made_here(thing.func, kind_of(thing.func))
        if isinstance(thing, types.BuiltinFunctionType):
            return type(thing.__self__) in _PLAIN_OWNERS
        if isinstance(thing, types.MethodType):
            return self._is_tests(thing.__func__)
        if isinstance(thing, (io.StringIO, io.BytesIO, *GETTERS)):
            return True
        if kind in ("iterator", "awaitable", "async iterator"):
            return True  # all that can be done with it is to take the next value
        owner = thing if isinstance(thing, (type, types.FunctionType)) else type(thing)
        return self._is_tests(owner) and not any(self.is_own(base.__module__) for base in type(thing).__mro__)

    def _is_tests(self, thing: Any) -> bool:
        module = getattr(thing, "__module__", None)
        file = getattr(sys.modules.get(str(module)), "__file__", None) or ""
        return file.startswith("/tmp/p/") or self.is_own(module)


def _home(thing: Any) -> object:
    """The module that a thing in the project's names comes from, or that its class does."""
    if isinstance(thing, types.ModuleType):
        return thing.__name__
    kinds = (type, types.FunctionType, types.BuiltinFunctionType)
    return (thing if isinstance(thing, kinds) else type(thing)).__module__


def _is_importable(module: str | None) -> bool:
    return module is not None and module.partition(".")[0] in sys.stdlib_module_names
