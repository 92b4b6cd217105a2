"""Values made from the JSON of a split run; strict, as what it reads may come from a candidate.

It makes nothing that is not on the list of `split_values`, and classes only where its side finds them by name.
"""

from __future__ import annotations

import datetime
import enum
from collections.abc import Callable
from typing import Any

from .split_values import MAKE_LEAF, MOMENTS, NODES, Node
from .split_writer import DEEPEST, IMMUTABLE, MOST, Side, TooLarge, builtin_base, members

__all__ = ["Reader"]

Wire = Any
_MADE_NODES = {node.tag: node for node in NODES.values()}


class Reader:
    """Makes values; what it is given may be anything, so every call can raise any exception."""

    def __init__(self, side: Side, nodes: list[Any] | None = None) -> None:
        self._side = side
        self.nodes: list[Any] = [] if nodes is None else nodes
        self._made = self._depth = 0

    def value(self, wire: Wire) -> Any:
        """What `wire` says."""
        self._made += 1
        if self._made > MOST + 100 or self._depth > DEEPEST + 2:
            raise TooLarge("too many values")
        if not isinstance(wire, list):
            if wire is None or type(wire) in (bool, str, int, float):
                return wire
            raise TypeError("not a value")
        self._depth += 1
        try:
            return self._tagged(wire)
        finally:
            self._depth -= 1

    def fill(self, node: Any, wire: Wire) -> None:
        """Let a node hold what `wire` says."""
        if wire is None:
            return
        kind = type(node)
        if kind in NODES:
            NODES[kind].fill(node, wire, self.value)
            return
        if isinstance(node, BaseException):
            args, state = wire
            node.args = self.value(args)
            self._set_state(node, state)
            return
        state, items = wire
        self._set_state(node, state)
        base = builtin_base(kind)
        if base in (list, dict, set):
            value = self.value(items)
            _refill(base, node, value)

    def _tagged(self, wire: list[Any]) -> Any:
        tag, *rest = wire
        if tag in MAKE_LEAF:
            return MAKE_LEAF[tag](*rest)
        if tag in _MADE_NODES:
            return self._node(_MADE_NODES[tag], *rest)
        return _TAGS[tag](self, *rest)

    def _node(self, kind: Node, head: Wire, contents: Wire) -> Any:
        node = kind.make(head)
        self.nodes.append(node)
        kind.fill(node, contents, self.value)
        return node

    def _ref(self, place: int) -> Any:
        if type(place) is not int or place < 0:
            raise ValueError("no such node")
        return self.nodes[place]

    def _tuple(self, items: list[Wire]) -> Any:
        return self._whole(tuple(self.value(item) for item in items))

    def _frozenset(self, items: list[Wire]) -> Any:
        return self._whole(frozenset(self.value(item) for item in items))

    def _whole(self, node: Any) -> Any:
        self.nodes.append(node)
        return node

    def _zoned(self, moment: Wire, zone: Wire) -> Any:
        plain, where = self.value(moment), self.value(zone)
        if type(plain) not in MOMENTS:
            raise TypeError("not a moment")
        # Without a zone of that class here there is no such moment: what stands for the zone equals nothing either.
        return plain.replace(tzinfo=where) if isinstance(where, datetime.tzinfo) else where

    def _slice(self, parts: list[Wire]) -> Any:
        start, stop, step = parts
        return slice(self.value(start), self.value(stop), self.value(step))

    def _view(self, name: str, pairs: Wire) -> Any:
        view: Callable[[dict[Any, Any]], Any] = {"keys": dict.keys, "values": dict.values, "items": dict.items}[name]
        return view({self.value(key): self.value(item) for key, item in pairs})

    def _named(self, name: str, handle: Wire) -> Any:
        found = self._side.find(name)
        return self._side.take(handle) if found is None else found

    def _held(self, handle: Wire) -> Any:
        return self._side.take(handle)

    def _enum(self, name: str, member: str | None, value: Wire, handle: Wire) -> Any:
        kind, worth = self._side.find(name), self.value(value)
        if not (isinstance(kind, type) and issubclass(kind, enum.Enum)):
            return self._side.take(handle)
        return kind.__members__[member] if member is not None and member in kind.__members__ else kind(worth)

    def _object(self, head: Wire, contents: Wire) -> Any:
        name, payload, handle = head
        kind = self._side.find(name)
        worth = None if payload is None else self.value(payload)
        shared = isinstance(kind, type) and self._side.shared(kind) is not None and not issubclass(kind, enum.Enum)
        base = builtin_base(kind) if isinstance(kind, type) and shared else None
        if not isinstance(kind, type) or base is None or issubclass(kind, BaseException):
            node = self._side.take(handle)
            self.nodes.append(node)
            state, items = contents
            self._set_state(_Anything(), state)  # what it holds is numbered all the same
            self.value(items)
            return node
        make: Callable[..., Any] = base.__new__
        node = make(kind, worth) if base in IMMUTABLE else make(kind)
        self.nodes.append(node)
        self.fill(node, contents)
        return node

    def _error(self, head: Wire, contents: Wire) -> Any:
        name, mro, handle = head
        args, state = contents
        place = len(self.nodes)
        self.nodes.append(None)  # its arguments are numbered after it, and needed to make it
        worth = self.value(args)
        error = self.nodes[place] = self._side.error(name, mro, handle, worth if isinstance(worth, tuple) else ())
        self._set_state(error, state)
        return error

    def _set_state(self, thing: Any, wire: Wire) -> None:
        state = {}
        for name, item in wire:
            if type(name) is not str:
                raise TypeError("not a name")
            state[name] = self.value(item)
        slots = members(type(thing))
        for name, member in slots.items():
            if name in state:
                member.__set__(thing, state.pop(name))
        attributes = getattr(thing, "__dict__", None)
        if type(attributes) is dict:
            attributes.clear()
            attributes.update(state)


class _Anything:
    """Takes the state of an object that is not known here."""


def _refill(base: type, node: Any, value: Any) -> None:
    if base is list:
        list.__setitem__(node, slice(None), value)
        return
    base.clear(node)  # type: ignore[attr-defined]
    base.update(node, value)  # type: ignore[attr-defined]


_TAGS: dict[str, Callable[..., Any]] = {
    "ref": Reader._ref,
    "tuple": Reader._tuple,
    "frozenset": Reader._frozenset,
    "zoned": Reader._zoned,
    "slice": Reader._slice,
    "view": Reader._view,
    "named": Reader._named,
    "held": Reader._held,
    "enum": Reader._enum,
    "object": Reader._object,
    "error": Reader._error,
}
