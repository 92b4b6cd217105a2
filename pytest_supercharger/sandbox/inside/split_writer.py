"""Values of a split run as JSON, with shared, cyclic and changed objects kept what they are.

Both processes number the nodes of a message in the order of meeting them, so that an answer can say "your third list
now holds this". What has no value is handed over as a handle.
"""

from __future__ import annotations

import datetime
import enum
import json
import types
from typing import Any, Protocol

from .split_values import BASES, LEAVES, MOMENTS, NODES, is_leaf, plain

__all__ = ["DEEPEST", "IMMUTABLE", "MOST", "Side", "TooLarge", "Writer", "builtin_base", "members", "said_error"]

Wire = Any
MOST = 200_000  # values in one message
DEEPEST = 80
_HEAP = 1 << 9  # Py_TPFLAGS_HEAPTYPE: a class made by a class statement
IMMUTABLE = (tuple, str, bytes, int, float, frozenset)
_NAMED = (type, types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType)
_VIEWS = {type({}.keys()): "keys", type({}.values()): "values", type({}.items()): "items"}


class TooLarge(ValueError):
    """A message with more, or deeper nested, values than a split run carries."""


class Side(Protocol):
    """What one process knows: which names mean the same in the other one, and who holds what."""

    def reference(self, thing: object) -> str | None:
        """The name under which the other process has the same class or function."""
        ...

    def find(self, reference: str) -> object | None:
        """What the other process means by a name; None where there is nothing of that name here."""
        ...

    def hand_over(self, thing: object, *, known: bool = False) -> Wire:
        """A handle for what has no value; `known` when it comes with a name or a value as well."""
        ...

    def take(self, handle: Wire) -> object:
        """What stands here for a thing that the other process holds, or the thing that it gave back."""
        ...

    def home(self, thing: object) -> Wire | None:
        """The handle of something that the other process holds."""
        ...

    def shared(self, kind: type) -> str | None:
        """The name of a class of the project, whose instances are said by their state; None for any other class."""
        ...

    def degrade(self, thing: object, base: type) -> object:
        """The plain value to send for an instance of a class over a builtin that only this process has."""
        ...

    def error(self, name: str, mro: list[Any], handle: Wire, args: Any) -> BaseException:
        """An error like one of the other process."""
        ...


def builtin_base(kind: type) -> type | None:
    """The builtin type that a class is built on, `object` for most; None where it has no value that can be said."""
    bases = [base for base in kind.__mro__ if not base.__flags__ & _HEAP and base is not object]
    if not bases:
        return object
    # A time zone holds nothing but attributes, as an object does, and is made in its own way.
    return bases[0] if len(bases) == 1 and (bases[0] in BASES or bases[0] is datetime.tzinfo) else None


def members(kind: type) -> dict[str, Any]:
    """The slots of a class by name."""
    found: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        found |= {name: member for name, member in vars(base).items() if type(member) is types.MemberDescriptorType}
    return {name: member for name, member in found.items() if name != "__weakref__"}


def said_error(text: str) -> Wire:
    """How a ValueError is said that needs no handle, which there may be too many of."""
    return ["error", ["ValueError", ["builtins:ValueError"], None], [["tuple", [text]], []]]


class Writer:
    """Says values; `nodes` are those that both sides know from the message that is being answered."""

    def __init__(self, side: Side, nodes: list[Any] | None = None) -> None:
        self._side = side
        self.nodes: list[Any] = [] if nodes is None else nodes
        self._place = {id(node): place for place, node in enumerate(self.nodes)}
        self._said = self._depth = 0

    def value(self, thing: Any) -> Wire:
        """How `thing` is said."""
        kind = type(thing)
        self._said += 1
        if self._said > MOST or self._depth >= DEEPEST:
            raise TooLarge(f"more than {MOST} values, or nested deeper than {DEEPEST}")
        if thing is None or kind is bool or kind is str:
            return thing
        if kind is int or kind is float:
            return plain(thing)
        if is_leaf(thing):
            tag, say = LEAVES[kind]
            return [tag, say(thing)]
        if id(thing) in self._place:
            return ["ref", self._place[id(thing)]]
        home = self._side.home(thing)
        if home is not None:
            return ["held", home]
        self._depth += 1
        try:
            return self._compound(kind, thing)
        finally:
            self._depth -= 1

    def news(self, node: Any, before: str) -> Wire | None:
        """What a node holds now, where that is not what it held; what is not said has no number for the other side."""
        known = len(self.nodes)
        now = self.contents(node)
        if json.dumps(now) != before:
            return now
        self._forget(known)
        return None

    def held(self, node: Any) -> str:
        """What a node holds now, for `news` to compare."""
        known = len(self.nodes)
        now = json.dumps(self.contents(node))
        self._forget(known)
        return now

    def contents(self, node: Any) -> Wire:
        """What a node holds now; None for one that cannot be changed."""
        kind = type(node)
        if kind is tuple or kind is frozenset:
            return None
        if kind in NODES:
            return NODES[kind].read(node, self.value)
        if isinstance(node, BaseException):
            return [self.value(node.args), self._state(node)]
        if self._side.home(node) is not None:
            return None
        base = builtin_base(kind)
        state = self._state(node)  # first, as it is read first
        return [state, self.value(BASES[base](node)) if base in (list, dict, set) else None]

    def _compound(self, kind: type, thing: Any) -> Wire:
        if kind is tuple or kind is frozenset:
            said = [kind.__name__, [self.value(item) for item in thing]]
            self._note(thing)  # only now, as it cannot be made before its items are
            return said
        if kind in MOMENTS:
            return ["zoned", self.value(thing.replace(tzinfo=None)), self.value(thing.tzinfo)]
        if kind is slice:
            return ["slice", [self.value(part) for part in (thing.start, thing.stop, thing.step)]]
        if kind in _VIEWS:
            pairs = thing.mapping.items()
            return ["view", _VIEWS[kind], [[self.value(key), self.value(item)] for key, item in pairs]]
        if kind in NODES:
            self._note(thing)
            return [NODES[kind].tag, NODES[kind].head(thing), self.contents(thing)]
        return self._named(kind, thing)

    def _named(self, kind: type, thing: Any) -> Wire:
        side = self._side
        if isinstance(thing, _NAMED):
            name = side.reference(thing)
            return (
                ["held", side.hand_over(thing)] if name is None else ["named", name, side.hand_over(thing, known=True)]
            )
        if isinstance(thing, BaseException):
            self._note(thing)
            mro = [side.reference(base) or base.__name__ for base in kind.__mro__[:-1]]
            return ["error", [kind.__name__, mro, side.hand_over(thing, known=True)], self.contents(thing)]
        if isinstance(thing, enum.Enum) and (name := side.reference(kind)) is not None:
            return ["enum", name, thing.name, self.value(thing.value), side.hand_over(thing, known=True)]
        name, base = side.shared(kind), builtin_base(kind)
        if name is not None and base is not None:
            payload = self.value(BASES[base](thing)) if base in IMMUTABLE else None
            self._note(thing)
            return ["object", [name, payload, side.hand_over(thing, known=True)], self.contents(thing)]
        if base in BASES:
            return self.value(side.degrade(thing, base))
        return ["held", side.hand_over(thing)]

    def _note(self, node: Any) -> None:
        self._place[id(node)] = len(self.nodes)
        self.nodes.append(node)

    def _forget(self, known: int) -> None:
        for node in self.nodes[known:]:
            self._place.pop(id(node), None)
        del self.nodes[known:]

    def _state(self, thing: Any) -> Wire:
        state = dict(getattr(thing, "__dict__", {}))
        for name, member in members(type(thing)).items():
            try:
                state[name] = member.__get__(thing)
            except AttributeError:  # a slot that is not set
                continue
        return [[name, self.value(item)] for name, item in state.items()]
