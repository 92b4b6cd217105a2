"""What each of the two processes of a split run knows and allows: the test's is trusted, the candidate's is not.

The test's process finds classes and functions of the project alone, hands over only what the test itself made, and lets
the other one do little with it. The candidate's process does what it is told.
"""

from __future__ import annotations

import builtins
import collections
import enum
import functools
import importlib
import io
import operator
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from .split_values import BASES

__all__ = ["CandidateSide", "NotEncodable", "Target", "TestSide"]

Wire = Any
F = TypeVar("F")
_MOST_HELD = 100_000
_TEXT = 200
# Special methods that a stand-in forwards. Comparisons are not among them: those are decided where the test runs.
_SPECIAL = (
    "__iter__", "__next__", "__len__", "__getitem__", "__bool__", "__call__", "__str__", "__int__", "__float__",
    "__index__", "__enter__", "__exit__",
)  # fmt: skip
_BUILTIN_TYPES = {name: thing for name, thing in vars(builtins).items() if isinstance(thing, type)}
_PLAIN_OWNERS = (*BASES, bytearray, collections.deque, io.StringIO, io.BytesIO)
_GETTERS = (operator.attrgetter, operator.itemgetter, operator.methodcaller)
_ITERATORS = (map, filter, zip, enumerate, reversed)


_CALLED = (
    types.FunctionType, types.MethodType, types.BuiltinFunctionType, types.MethodDescriptorType,
    types.WrapperDescriptorType, functools.partial, type, *_GETTERS,
)  # fmt: skip


class NotEncodable(BaseException):
    """The test uses what a split run cannot say; no `except Exception` of a test may hide it."""


class StandIn:
    """Stands for an object that the other process holds; `peer` asks it."""

    def __init__(self, peer: Any, target: Target) -> None:
        object.__setattr__(self, "_split", (peer, target))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        peer, target = object.__getattribute__(self, "_split")
        return peer.ask("attr", target, name=name)

    def __setattr__(self, name: str, value: Any) -> None:
        peer, target = object.__getattribute__(self, "_split")
        peer.ask("set", target, (value,), name=name)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, an object of the other process>"


def _special(name: str) -> Callable[..., Any]:
    def method(self: StandIn, *args: Any) -> Any:
        peer, target = object.__getattribute__(self, "_split")
        return peer.ask("special", target, args, name=name)

    return method


@functools.lru_cache(maxsize=500)
def _stand_in_class(name: str, special: tuple[str, ...]) -> type[StandIn]:
    names = [known for known in _SPECIAL if known in special]
    return type(name, (StandIn,), {known: _special(known) for known in names})


class _Side:
    """What both have: the table of things handed over, and stand-ins for things of the other one."""

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
        owner, number, kind, name, special = handle
        if type(number) is not int or number < 0:
            raise ValueError("no such thing")
        if owner == self.me:
            return self._held[number]
        if number not in self._taken:
            back = [owner, number, None, None, None]
            made = self._stand_in(kind, str(name)[:_TEXT], tuple(special), Target(["held", back]))
            self._taken[number] = self._remember(made, back)
        return self._taken[number]

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
        return _name(kind) if self.is_own(getattr(kind, "__module__", None)) else None

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
        special = [name for name in _SPECIAL if kind == "object" and hasattr(type(thing), name)]
        return [self.me, number, kind, type(thing).__name__, special]

    def _remember(self, thing: F, handle: Wire) -> F:
        self._home[id(thing)] = (thing, handle)
        return thing

    def _stand_in(self, kind: str, name: str, special: tuple[str, ...], target: Target) -> Any:
        peer = self.peer
        if kind == "call":
            return lambda *args, **kwargs: peer.ask("call", target, args, kwargs)
        if kind == "async":

            async def call(*args: Any, **kwargs: Any) -> Any:
                return await peer.ask_async("call", target, args, kwargs)

            return call
        if kind == "iterator":
            return _iterator(peer, target)
        if kind == "async iterator":
            return _async_iterator(peer, target)
        if kind == "awaitable":
            return _Awaitable(peer, target)
        return _stand_in_class(name, tuple(filter(_SPECIAL.__contains__, special)))(peer, target)


class Target:
    """Something of the other process, as a message names it."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire


def _made(kind: type[BaseException], args: Any) -> BaseException:
    """An error without any code of the project being run."""
    if kind in _BUILTIN_TYPES.values():
        try:
            return kind(*args)
        except Exception:  # arguments that were changed afterwards
            pass
    native = next(base for base in kind.__mro__ if base in _BUILTIN_TYPES.values())
    error: BaseException = native.__new__(kind, *args)
    error.args = args
    return error


class _Awaitable:
    def __init__(self, peer: Any, target: Target) -> None:
        self._ask = lambda: peer.ask_async("wait", target)

    def __await__(self) -> Any:
        return self._ask().__await__()


def _iterator(peer: Any, target: Target) -> Iterator[Any]:
    sent = None
    while True:
        more, value = peer.ask("next", target, (sent,))
        if not more:
            return value
        sent = yield value


async def _async_iterator(peer: Any, target: Target) -> Any:
    sent = None
    while True:
        more, value = await peer.ask_async("next", target, (sent,))
        if not more:
            return
        sent = yield value


def _module(thing: Any) -> str | None:
    owner = getattr(thing, "__objclass__", thing)  # a method of a builtin class names the class alone
    return getattr(owner, "__module__", None)


def _name(thing: Any) -> str | None:
    """`module:qualname` where that leads to the thing itself."""
    module, qualname = _module(thing), getattr(thing, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(qualname, str):
        return None
    found: Any = sys.modules.get(module)
    for part in qualname.split("."):
        found = getattr(found, part, None)
    return f"{module}:{qualname}" if found is thing else None


def _kind(thing: Any) -> str:
    from inspect import isasyncgen, isawaitable, iscoroutinefunction

    if iscoroutinefunction(thing):
        return "async"
    if isasyncgen(thing):
        return "async iterator"
    if isawaitable(thing):
        return "awaitable"
    if isinstance(thing, (types.GeneratorType, *_ITERATORS)) or (hasattr(type(thing), "__next__")):
        return "iterator"
    if isinstance(thing, _CALLED):
        return "call"
    return "object"


class CandidateSide(_Side):
    """The process of the candidate: hands over everything, and finds everything."""

    me = "candidate"

    def reference(self, thing: object) -> str | None:
        """The name of anything that has one."""
        return _name(thing)

    def find(self, reference: str) -> object | None:
        """Anything that can be imported, without what stands around a function of the project."""
        module, _, qualname = reference.partition(":")
        if not qualname:
            return None
        found: Any = importlib.import_module(module)
        for part in qualname.split("."):
            found = vars(found)[part] if isinstance(found, type) and part in vars(found) else getattr(found, part)
        return _innermost(found)

    def hand_over(self, thing: object, *, known: bool = False) -> Wire:
        """A handle for anything."""
        return self._hold(thing, _kind(thing))

    def degrade(self, thing: object, base: type) -> object:
        """The plain value: whatever its class claims, it is compared as what it is built on."""
        return BASES[base](thing)

    def permit(self, op: str, thing: object, name: str) -> None:
        """Whatever the test asks for."""


def _innermost(thing: Any) -> Any:
    if isinstance(thing, (classmethod, staticmethod)):
        thing = thing.__func__
    if isinstance(thing, (property, functools.cached_property)):
        thing = thing.fget if isinstance(thing, property) else thing.func
    while not isinstance(thing, type) and hasattr(thing, "__wrapped__") and not _is_stub(thing):
        thing = thing.__wrapped__
    return thing


def _is_stub(thing: Any) -> bool:
    return getattr(thing, "__globals__", {}).get("__name__") == "pytest_supercharger.marker"


class TestSide(_Side):
    """The process of the test: it knows the project as the user wrote it, and nothing that the candidate names."""

    me = "test"
    __test__ = False

    def reference(self, thing: object) -> str | None:
        """The name of a class or function that the other process can import: of the project, or of no one's test."""
        module = _module(thing)
        importable = self.is_own(module) or (isinstance(module, str) and module.partition(".")[0] in _importable())
        return _name(thing) if importable else None

    def find(self, reference: str) -> object | None:
        """A class or function of the project, a builtin class, or an enumeration that is loaded here."""
        module, _, qualname = str(reference).partition(":")
        if module == "builtins":
            return _BUILTIN_TYPES.get(qualname)
        found: Any = sys.modules.get(module)
        own = self.is_own(module)
        for part in qualname.split("."):
            found = vars(found).get(part) if isinstance(found, (types.ModuleType, type)) else None
        if isinstance(found, type) and found.__module__ == module:
            return found if own or issubclass(found, enum.Enum) else None
        return found if own and isinstance(found, types.FunctionType) and found.__module__ == module else None

    def hand_over(self, thing: object, *, known: bool = False) -> Wire:
        """A handle for what the test itself made; raises NotEncodable for anything else."""
        if known:
            return self._hold(thing, "error") if isinstance(thing, BaseException) else None
        kind = _kind(thing)
        if not self._is_made_here(thing, kind):
            raise NotEncodable(f"a value of type {type(thing).__module__}.{type(thing).__qualname__}")
        return self._hold(thing, kind)

    def degrade(self, thing: object, base: type) -> object:
        """None: the candidate may look at the class."""
        raise NotEncodable(f"a value of type {type(thing).__qualname__}, which is built on {base.__name__}")

    def permit(self, op: str, thing: object, name: str) -> None:
        """Raise AttributeError for what would lead from the thing to the rest of this process."""
        kind = _kind(thing)
        allowed = {"call": ("call",), "async": ("call",), "iterator": ("next",), "awaitable": ("wait",)}
        allowed |= {"async iterator": ("next",), "object": ("attr", "set", "special")}
        if op not in allowed[kind]:
            raise AttributeError(f"{op} of {kind}")
        if (op == "special" and name not in _SPECIAL) or (op in ("attr", "set") and name.startswith("_")):
            raise AttributeError(name)

    def _is_made_here(self, thing: Any, kind: str) -> bool:
        if isinstance(thing, functools.partial):
            return self.reference(thing.func) is not None or self._is_made_here(thing.func, _kind(thing.func))
        if isinstance(thing, types.BuiltinFunctionType):
            return type(thing.__self__) in _PLAIN_OWNERS
        if isinstance(thing, types.MethodType):
            return self._is_tests(thing.__func__)
        if isinstance(thing, (io.StringIO, io.BytesIO, *_GETTERS)):
            return True
        if kind in ("iterator", "awaitable", "async iterator"):
            return True  # all that can be done with it is to take the next value
        owner = thing if isinstance(thing, (type, types.FunctionType)) else type(thing)
        return self._is_tests(owner) and not any(self.is_own(base.__module__) for base in type(thing).__mro__)

    def _is_tests(self, thing: Any) -> bool:
        module = getattr(thing, "__module__", None)
        file = getattr(sys.modules.get(str(module)), "__file__", None) or ""
        return file.startswith("/tmp/p/") or self.is_own(module)


@functools.lru_cache(maxsize=1)
def _importable() -> frozenset[str]:
    return frozenset(sys.stdlib_module_names) - {"__main__"}
