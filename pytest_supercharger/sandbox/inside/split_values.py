"""The values that the two processes of a split run tell each other: a closed list of types, each with its tag.

A leaf is said whole. A node can be changed in place: it has a head, from which an empty one is made, and contents.
"""

from __future__ import annotations

import base64
import datetime
import decimal
import fractions
import math
import pathlib
import uuid
import zoneinfo
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from typing import Any

__all__ = ["BASES", "LEAVES", "MAKE_LEAF", "MOMENTS", "NODES", "Node", "is_leaf"]

Wire = Any  # what JSON can hold
_SMALL = 1 << 53
_NAMES = {"Ellipsis": ..., "NotImplemented": NotImplemented}
MOMENTS = (datetime.time, datetime.datetime)
_ZONES = (datetime.timezone, zoneinfo.ZoneInfo)


def _zone(zone: datetime.tzinfo | None) -> Wire:
    if zone is None:
        return None
    if isinstance(zone, zoneinfo.ZoneInfo):
        return zone.key
    return [_delta(part) if isinstance(part, datetime.timedelta) else part for part in zone.__getinitargs__()]  # type: ignore[attr-defined]


def _make_zone(wire: Wire) -> datetime.tzinfo | None:
    if wire is None:
        return None
    if isinstance(wire, str):
        return zoneinfo.ZoneInfo(wire)
    offset, *name = wire
    return datetime.timezone(_make_delta(offset), *map(_text, name))


def _delta(value: datetime.timedelta) -> Wire:
    return [value.days, value.seconds, value.microseconds]


def _make_delta(wire: Wire) -> datetime.timedelta:
    return datetime.timedelta(*map(_number, wire))


def _number(wire: Wire) -> int:
    if type(wire) is not int:
        raise TypeError("not a number")
    return wire


def _text(wire: Wire) -> str:
    if type(wire) is not str:
        raise TypeError("not a text")
    return wire


def _int(value: int) -> Wire:
    return hex(value)


def _make_int(wire: Wire) -> int:
    return int(_text(wire), 16)  # linear, whatever the length


def _bytes(value: bytes) -> Wire:
    return base64.b64encode(value).decode("ascii")


def _make_bytes(wire: Wire) -> bytes:
    return base64.b64decode(_text(wire), validate=True)


def _time(value: datetime.time) -> Wire:
    return [value.hour, value.minute, value.second, value.microsecond, value.fold, _zone(value.tzinfo)]


def _make_time(wire: Wire) -> datetime.time:
    hour, minute, second, micro, fold, zone = wire
    return datetime.time(hour, minute, second, micro, _make_zone(zone), fold=fold)


def _datetime(value: datetime.datetime) -> Wire:
    return [value.toordinal(), *_time(value.timetz())]


def _make_datetime(wire: Wire) -> datetime.datetime:
    day, *time = wire
    return datetime.datetime.combine(datetime.date.fromordinal(_number(day)), _make_time(time))


def _complex(value: complex) -> Wire:
    return [repr(value.real), repr(value.imag)]


# Type -> tag, how it is said.
LEAVES: dict[type, tuple[str, Callable[[Any], Wire]]] = {
    bytes: ("bytes", _bytes),
    complex: ("complex", _complex),
    decimal.Decimal: ("decimal", str),
    fractions.Fraction: ("fraction", lambda value: [_int(value.numerator), _int(value.denominator)]),
    datetime.date: ("date", datetime.date.toordinal),
    datetime.time: ("time", _time),
    datetime.datetime: ("datetime", _datetime),
    datetime.timedelta: ("delta", _delta),
    datetime.timezone: ("zone", _zone),
    zoneinfo.ZoneInfo: ("zone", _zone),
    range: ("range", lambda value: [_int(value.start), _int(value.stop), _int(value.step)]),
    uuid.UUID: ("uuid", lambda value: value.hex),
    pathlib.PurePosixPath: ("path", lambda value: [str(value), True]),
    pathlib.PosixPath: ("path", lambda value: [str(value), False]),
    type(...): ("name", lambda value: "Ellipsis"),
    type(NotImplemented): ("name", lambda value: "NotImplemented"),
}
# Tag -> how it is made.
MAKE_LEAF: dict[str, Callable[[Wire], object]] = {
    "int": _make_int,
    "float": lambda wire: float(_text(wire)),
    "bytes": _make_bytes,
    "complex": lambda wire: complex(float(_text(wire[0])), float(_text(wire[1]))),
    "decimal": lambda wire: decimal.Decimal(_text(wire)),
    "fraction": lambda wire: fractions.Fraction(_make_int(wire[0]), _make_int(wire[1])),
    "date": lambda wire: datetime.date.fromordinal(_number(wire)),
    "time": _make_time,
    "datetime": _make_datetime,
    "delta": _make_delta,
    "zone": _make_zone,
    "range": lambda wire: range(*map(_make_int, wire)),
    "uuid": lambda wire: uuid.UUID(hex=_text(wire)),
    "path": lambda wire: (pathlib.PurePosixPath if wire[1] else pathlib.PosixPath)(_text(wire[0])),
    "name": lambda wire: _NAMES[_text(wire)],
}


def is_leaf(value: Any) -> bool:
    """Whether a value is said whole: not a moment whose time zone is of any other class, nor a zone without a name."""
    kind = type(value)
    zone = value.tzinfo if kind in MOMENTS else value
    named = type(zone) is not zoneinfo.ZoneInfo or bool(zone.key)
    return kind in LEAVES and named and (kind not in MOMENTS or zone is None or type(zone) in _ZONES)


def plain(value: Any) -> Wire:
    """What JSON says itself; numbers beyond it get a tag."""
    if type(value) is int and not -_SMALL < value < _SMALL:
        return ["int", _int(value)]
    if type(value) is float and not math.isfinite(value):
        return ["float", repr(value)]
    return value


class Node:
    """How one type of node is made, read and filled; `say` and `make` are those of the message."""

    def __init__(
        self,
        tag: str,
        make: Callable[[Wire], Any],
        read: Callable[[Any, Callable[[Any], Wire]], Wire],
        fill: Callable[[Any, Wire, Callable[[Wire], Any]], None],
        head: Callable[[Any], Wire] = lambda value: None,
    ) -> None:
        self.tag, self.make, self.read, self.fill, self.head = tag, make, read, fill, head


def _read_items(value: Any, say: Callable[[Any], Wire]) -> Wire:
    return [say(item) for item in value]


def _read_pairs(value: Any, say: Callable[[Any], Wire]) -> Wire:
    return [[say(key), say(item)] for key, item in dict.items(value)]


def _fill_pairs(value: Any, wire: Wire, make: Callable[[Wire], Any]) -> None:
    items = [(make(key), make(item)) for key, item in wire]
    dict.clear(value)
    for key, item in items:
        dict.__setitem__(value, key, item)
    if type(value) is OrderedDict:  # it has an order of its own, which the methods of dict do not keep
        OrderedDict.clear(value)
        OrderedDict.update(value, items)


def _fill_list(value: Any, wire: Wire, make: Callable[[Wire], Any]) -> None:
    items = [make(item) for item in wire]
    list.__setitem__(value, slice(None), items)


def _fill_set(value: Any, wire: Wire, make: Callable[[Wire], Any]) -> None:
    items = [make(item) for item in wire]
    set.clear(value)
    set.update(value, items)


def _fill_deque(value: Any, wire: Wire, make: Callable[[Wire], Any]) -> None:
    items = [make(item) for item in wire]
    value.clear()
    value.extend(items)


def _fill_default(value: Any, wire: Wire, make: Callable[[Wire], Any]) -> None:
    factory, pairs = wire
    value.default_factory = make(factory)
    _fill_pairs(value, pairs, make)


def _fill_bytes(value: Any, wire: Wire, make: Callable[[Wire], Any]) -> None:
    value[:] = _make_bytes(wire)


def _length(wire: Wire) -> int | None:
    return None if wire is None else _number(wire)


NODES: dict[type, Node] = {
    list: Node("list", lambda head: [], _read_items, _fill_list),
    dict: Node("dict", lambda head: {}, _read_pairs, _fill_pairs),
    set: Node("set", lambda head: set(), _read_items, _fill_set),
    bytearray: Node("bytearray", lambda head: bytearray(), lambda value, say: _bytes(bytes(value)), _fill_bytes),
    deque: Node("deque", lambda head: deque(maxlen=_length(head)), _read_items, _fill_deque, lambda v: v.maxlen),
    OrderedDict: Node("ordered", lambda head: OrderedDict(), _read_pairs, _fill_pairs),
    Counter: Node("counter", lambda head: Counter(), _read_pairs, _fill_pairs),
    defaultdict: Node(
        "default",
        lambda head: defaultdict(),
        lambda value, say: [say(value.default_factory), _read_pairs(value, say)],
        _fill_default,
    ),
}
# What a value of some class built on one of these is worth as a plain one.
BASES: dict[type, Callable[[Any], Any]] = {
    str: str.__str__,
    int: int.__int__,
    float: float.__float__,
    bytes: lambda value: bytes.__getitem__(value, slice(None)),
    tuple: lambda value: tuple.__getitem__(value, slice(None)),
    frozenset: lambda value: frozenset(frozenset.__iter__(value)),
    list: lambda value: list(list.__iter__(value)),
    dict: lambda value: dict(dict.items(value)),
    set: lambda value: set(set.__iter__(value)),
}
