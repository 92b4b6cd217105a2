"""What both processes of a split run keep: the things handed over, and what stands for those of the other one."""

from __future__ import annotations

import builtins
import functools
import io
import operator
import sys
import types
from inspect import isasyncgen, isawaitable, iscoroutinefunction
from typing import Any, TypeVar

from .split_signatures import parameters, signature_from
from .split_standins import SPECIAL, Target, stand_in
from .split_values import BASES, LEAVES, NODES

__all__ = ["BUILTIN_TYPES", "GETTERS", "VALUE_TYPES", "Table", "kind_of", "module_of", "name_of"]

Wire = Any
F = TypeVar("F")
_MOST_HELD = 100_000
_TEXT = 200
_PLAIN = (*BASES, bool, complex, bytearray, range, slice, object)
# Not `type`, `property` and their like: what one process names, the other must not build classes from.
BUILTIN_TYPES = {
    name: thing
    for name, thing in vars(builtins).items()
    if isinstance(thing, type) and (issubclass(thing, BaseException) or thing in _PLAIN)
}
# Classes of what can be said in any case. Some of them, such as that of None, cannot be reached by their names.
VALUE_TYPES: dict[str, type] = {
    f"{kind.__module__}:{kind.__qualname__}": kind for kind in (*LEAVES, *NODES, type(None), types.FunctionType)
}
GETTERS = (operator.attrgetter, operator.itemgetter, operator.methodcaller)
_CALLED = (
    types.FunctionType, types.MethodType, types.BuiltinFunctionType, types.MethodDescriptorType,
    types.WrapperDescriptorType, functools.partial, type, *GETTERS,
)  # fmt: skip


class Table:
    """The table of things handed over, and stand-ins for things of the other one."""

    me = ""

    def __init__(self, root: str) -> None:
        self._root = root.rstrip("/") + "/"
        self._held: list[Any] = []
        self._number: dict[int, int] = {}
        self._home: dict[int, tuple[Any, Wire]] = {}  # the thing is kept, or its id would be given to another one
        self._taken: dict[int, Any] = {}
        self._own: dict[str, bool] = {}
        self.peer: Any = None

    def home(self, thing: object) -> Wire | None:
        """The handle of something that the other process holds."""
        found = self._home.get(id(thing))
        return None if found is None else found[1]

    def take(self, handle: Wire) -> object:
        """What stands here for a thing that the other process holds, or the thing that it gave back."""
        owner, number, kind, name, special = handle  # of what is called, `special` are its parameters
        if type(number) is not int or number < 0:
            raise ValueError("no such thing")
        if owner == self.me:
            return self._held[number]
        if number not in self._taken:
            back = [owner, number, None, None, None]
            name = str(name)[:_TEXT]
            if kind == "object":
                self.check_foreign(name)
            forwarded = tuple(special) if kind == "object" else ()
            made = stand_in(self.peer, kind, name.rpartition(":")[2], forwarded, Target(["held", back]))
            if kind in ("call", "async") and special is not None:
                made.__signature__ = signature_from(special)
            self._taken[number] = self._remember(made, back)
        return self._taken[number]

    def was_handed_over(self, thing: object) -> bool:
        """Whether the other process got a handle for this very thing."""
        return id(thing) in self._number

    def is_own(self, module: str | None) -> bool:
        """Whether a module is of the project."""
        if not isinstance(module, str) or module not in sys.modules:
            return False
        if module not in self._own:
            file = getattr(sys.modules[module], "__file__", None)
            self._own[module] = isinstance(file, str) and file.startswith(self._root)
        return self._own[module]

    def shared(self, kind: type) -> str | None:
        """The name of a class of the project; None for any other class."""
        return name_of(kind) if self.is_own(getattr(kind, "__module__", None)) else None

    def check_foreign(self, name: str) -> None:
        """Called with `module:class` of each object that the other process holds and hands over."""

    def error(self, name: str, mro: list[Any], handle: Wire, args: Any) -> BaseException:
        """An error like one of the other process: of its class, or of a new one below the nearest that is known."""
        kinds = [self.find(base) for base in mro if isinstance(base, str)]
        known = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseException)]
        kind: type[BaseException] = known[0] if known else Exception
        if kinds and kinds[0] is not kind:
            kind = type(str(name)[:_TEXT] or "Error", (kind,), {"__module__": "__candidate__"})
        error = _made(kind, args)
        return error if handle is None else self._remember(error, [handle[0], handle[1], None, None, None])

    def find(self, reference: str) -> object | None:
        """What the other process means by a name."""
        raise NotImplementedError

    def _hold(self, thing: Any, kind: str) -> Wire:
        number = self._number.get(id(thing))
        if number is None:
            if len(self._held) >= _MOST_HELD:
                raise ValueError("too many things handed over")
            number = self._number[id(thing)] = len(self._held)
            self._held.append(thing)
        special: Wire = [name for name in SPECIAL if kind == "object" and hasattr(type(thing), name)]
        if kind in ("call", "async"):
            special = parameters(thing)
        return [self.me, number, kind, f"{type(thing).__module__}:{type(thing).__qualname__}", special]

    def _remember(self, thing: F, handle: Wire) -> F:
        self._home[id(thing)] = (thing, handle)
        return thing


def _made(kind: type[BaseException], args: Any) -> BaseException:
    """An error without any code of the project being run."""
    if kind in BUILTIN_TYPES.values():
        try:
            return kind(*args)
        except Exception:  # arguments that were changed afterwards
            pass
    native = next(base for base in kind.__mro__ if base in BUILTIN_TYPES.values())
    error: BaseException = native.__new__(kind, *args)
    error.args = args
    return error


def module_of(thing: Any) -> str | None:
    """The module that a class or function says it is of."""
    owner = getattr(thing, "__objclass__", thing)  # a method of a builtin class names the class alone
    return getattr(owner, "__module__", None)


def name_of(thing: Any) -> str | None:
    """`module:qualname` where that leads to the thing itself."""
    module, qualname = module_of(thing), getattr(thing, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(qualname, str):
        return None
    if thing is VALUE_TYPES.get(name := f"{module}:{qualname}"):
        return name
    found: Any = sys.modules.get(module)
    for part in qualname.split("."):
        found = getattr(found, part, None)
    return f"{module}:{qualname}" if found is thing else None


def kind_of(thing: Any) -> str:
    """What can be done with a thing that is handed over."""
    if iscoroutinefunction(thing):
        return "async"
    if isasyncgen(thing):
        return "async iterator"
    if isawaitable(thing):
        return "awaitable"
    if hasattr(type(thing), "__next__") and not isinstance(thing, (io.StringIO, io.BytesIO)):
        return "iterator"
    if isinstance(thing, _CALLED):
        return "call"
    return "object"
