"""One text for a value, the same in every process; values without one are opaque.

Equal texts mean equal values. The converse holds for what programs usually return; where it does not (a list and a
tuple), two results count as different, which costs agreement and never correctness.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import fractions
import hashlib
import itertools
import math
import operator
import os
import pathlib
import types
import uuid
import zoneinfo
from collections import Counter, OrderedDict, defaultdict, deque
from typing import TYPE_CHECKING, Any

from .instances import parts
from .naming import in_the_library, name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Known = Callable[[object], bool]

__all__ = ["EqualsAnything", "Opaque", "Text", "canonical", "capped", "float_text", "state"]

_MAX_DEPTH = 60
_MAX_NODES = 200_000
_MAX_ITEMS = 1_000  # taken of a generator, which may be endless
_MAX_TEXT = 4_000
# Not `groupby`: the groups that it gives are empty once the next one was asked for.
_LAZY = (
    "accumulate", "chain", "combinations", "combinations_with_replacement", "compress", "count", "cycle", "dropwhile",
    "filterfalse", "islice", "pairwise", "permutations", "product", "repeat", "starmap", "takewhile", "zip_longest",
)  # fmt: skip
_OF: tuple[Any, ...] = ([], (), "", b"", {}, {}.values(), {}.items(), range(0), range(1 << 64))
_ITERATORS = (
    types.GeneratorType, map, filter, zip, enumerate, reversed, *(getattr(itertools, name) for name in _LAZY),
    *(type(iter(empty)) for empty in _OF), type(reversed([])), type(reversed({})),
)  # fmt: skip
_PLAIN = (str, bytes, range, uuid.UUID, decimal.Decimal, datetime.date, datetime.timedelta, datetime.timezone)
_METHODS = (types.MethodType, types.BuiltinFunctionType)
_NAMED = (type, types.FunctionType, *_METHODS)
_KINDS: tuple[Callable[[int], object], ...] = (
    int,
    str,
    float,
    lambda number: b"%d" % number,
    lambda number: [number],
    lambda number: (number,),
    lambda number: {number},
    lambda number: {number: number},
)
_PATHS = (pathlib.PurePosixPath, pathlib.PureWindowsPath, pathlib.PosixPath)


class Text(str):
    """A canonical text; its frame is what is left of it without what instances hold that are told by their state."""

    frame: str = ""


class Opaque(Exception):
    """A value without a canonical form; the argument is the name of its type."""


class EqualsAnything(Exception):
    """A value that claims to equal an object made a moment ago."""


def canonical(value: object, known: Known = in_the_library) -> Text:
    """The canonical text of `value`; raises `Opaque` or `EqualsAnything`.

    Of the classes and functions that are `known` to be the same for every candidate, the name is enough.
    """
    return _Writer(known, by_state=False).whole(value)


def state(value: object) -> Text:
    """Like `canonical`, and instances of any class are shown by their attributes: tells whether a call changed them."""
    return _Writer(lambda thing: True, by_state=True).whole(value)


def float_text(value: float) -> str:
    """Six digits: after the point from 1 upwards, significant ones below; never more than twelve in all."""
    if not math.isfinite(value) or not value:
        return "0" if not value else repr(value)
    digits = min(12, max(6, 7 + math.floor(math.log10(abs(value)))))
    rounded = float(format(value, f".{digits}g"))
    # 2.0 == 2 in Python, and tests compare so: a total of 0 and one of 0.0 are one behaviour.
    return str(int(rounded)) if rounded.is_integer() else repr(rounded)


def capped(text: str) -> str:
    """A text that is short, and another one for another text."""
    if len(text) <= _MAX_TEXT:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{text[:200]}... ({len(text)} characters, sha256 {digest})"


class _Writer:
    def __init__(self, known: Known, *, by_state: bool) -> None:
        self._known, self._by_state = known, by_state
        self._open: list[int] = []
        self._nodes = 0
        # Stand around what an instance holds; no value has them in its text, as none can know them.
        nonce = os.urandom(8).hex()
        self._begin, self._end = f"\0{nonce}(", f"\0{nonce})"

    def whole(self, value: Any) -> Text:
        marked = self.text(value)
        text = Text(capped(marked.replace(self._begin, "").replace(self._end, "")))
        text.frame = capped(self._frame(marked))
        return text

    def _frame(self, marked: str) -> str:
        kept, *others = marked.split(self._begin)
        depth = 0
        for part in others:
            *ended, rest = part.split(self._end)
            depth += 1 - len(ended)
            kept += rest if not depth else ""
        return kept

    def _sorted(self, texts: Iterable[str]) -> list[str]:
        """In an order in which what an instance holds comes last, so that it does not change the frame."""
        return sorted(texts, key=lambda text: (self._frame(text), text))

    def text(self, value: Any) -> str:
        kind = type(value)
        self._nodes += 1
        if self._nodes > _MAX_NODES or len(self._open) > _MAX_DEPTH:
            raise Opaque("a value too large to compare")
        scalar = _SCALARS.get(kind)
        if scalar is not None:
            return scalar(value)
        if id(value) in self._open:
            return f"<cycle {len(self._open) - self._open.index(id(value))}>"
        self._open.append(id(value))
        try:
            return self._compound(kind, value)
        finally:
            self._open.pop()

    def _compound(self, kind: type, value: Any) -> str:
        if kind is list:
            return f"[{self._join(value)}]"
        if kind is tuple:
            return f"({self._join(value)}{',' if len(value) == 1 else ''})"
        if kind in (set, frozenset):
            return f"{kind.__name__}({{{', '.join(self._sorted(map(self.text, value)))}}})"
        if kind in (dict, Counter, defaultdict):
            body = f"{{{self._pairs(value, in_order=False)}}}"
            return body if kind is dict else f"{kind.__name__}({body})"
        if kind is OrderedDict:
            return f"OrderedDict({{{self._pairs(value, in_order=True)}}})"
        if kind is deque:
            return f"deque([{self._join(value)}], {value.maxlen})"
        if kind in _ITERATORS:
            return self._iterator(value)
        if isinstance(value, _NAMED):
            return self._named(kind, value)
        return self._instance(kind, value)

    def _join(self, values: Iterable[Any]) -> str:
        return ", ".join(map(self.text, values))

    def _pairs(self, value: dict[Any, Any], *, in_order: bool) -> str:
        pairs = [f"{self.text(key)}: {self.text(item)}" for key, item in dict.items(value)]
        return ", ".join(pairs if in_order else self._sorted(pairs))

    def _iterator(self, value: Any) -> str:
        if self._by_state:
            raise Opaque(type(value).__name__)  # looking would use it up
        taken = list(itertools.islice(value, _MAX_ITEMS + 1))
        return f"iterator([{self._join(taken[:_MAX_ITEMS])}{', ...' if len(taken) > _MAX_ITEMS else ''}])"

    def _named(self, kind: type, value: Any) -> str:
        """A class or function by its name, a method by that and its object."""
        owner = getattr(value, "__self__", None)
        if kind in _METHODS and owner is not None and not isinstance(owner, (type, types.ModuleType)):
            if not self._is_own(kind, value, owner):
                raise Opaque(kind.__name__)
            return f"<{value.__name__} of {self.text(owner)}>"
        if name_of(value) is None or not self._known(value):
            raise Opaque(kind.__name__)
        return f"<{name_of(value)}>"

    def _is_own(self, kind: type, value: Any, owner: Any) -> bool:
        """Whether a method is the one that its object's class has under this name; any function can be bound."""
        if kind is not types.MethodType:
            return True
        found = (vars(base).get(value.__name__) for base in type(owner).__mro__)
        return next((one for one in found if one is not None), None) is value.__func__

    def _instance(self, kind: type, value: Any) -> str:
        if not self._by_state and equals_anything(value):
            raise EqualsAnything(kind.__name__)
        name = f"{kind.__module__}.{kind.__qualname__}"
        if isinstance(kind, enum.EnumMeta):
            return f"{name}.{value._name_}" if value._name_ else f"{name}({self.text(value._value_)})"
        if kind is datetime.datetime or kind is datetime.time:
            return self._moment(kind, value)
        if dataclasses.is_dataclass(kind):
            compared = [field.name for field in dataclasses.fields(kind) if field.compare]
            return f"{name}({self._fields((field, getattr(value, field)) for field in compared)})"
        if isinstance(value, tuple) and hasattr(kind, "_fields") and kind.__dict__.get("__eq__") is None:
            return f"{name}({self._fields(zip(kind._fields, tuple.__iter__(value), strict=False))})"
        seen = parts(value) if self._by_state or (name_of(kind) is not None and self._known(kind)) else None
        if seen is not None:
            held = [] if seen[0] is None else [self.text(seen[0])]
            text = self._held(name, ", ".join([*held, self._fields(sorted(seen[1].items()))]))
            return text if self._by_state else f"<state of {text}>"
        if self._by_state and hasattr(value, "__dict__"):
            return self._held(name, self._fields(sorted(vars(value).items())))
        raise Opaque(kind.__name__)

    def _held(self, name: str, text: str) -> str:
        return f"{name}{self._begin}({text}){self._end}"

    def _fields(self, pairs: Iterable[tuple[str, Any]]) -> str:
        return ", ".join(f"{name if name.isidentifier() else repr(name)}={self.text(item)}" for name, item in pairs)

    def _moment(self, kind: type, value: Any) -> str:
        if type(value.tzinfo) not in (type(None), datetime.timezone, zoneinfo.ZoneInfo):
            raise Opaque(kind.__name__)
        zone = "" if value.tzinfo is None else f", {value.tzinfo}"
        return f"{kind.__name__}({value.isoformat()}{zone}, fold={value.fold})"


def equals_anything(value: object) -> bool:
    """Whether `value` claims to equal an object that nothing can equal, or two things that differ from one another."""
    other = object()
    if _claims(value, other):
        return True
    number = id(other)  # no constant, which a value could know
    return any(_claims(value, make(number)) and _claims(value, make(number + 1)) for make in _KINDS)


def _claims(value: object, other: object) -> bool:
    """Whether `value` says, in any way it can be asked, that it equals `other`."""
    for claims in (operator.eq, lambda left, right: not operator.ne(left, right)):
        try:
            if claims(value, other) or claims(other, value):
                return True
        except Exception:  # a comparison that raises, as of arrays, claims nothing
            continue
    return False


def _fraction_text(value: fractions.Fraction) -> str:
    return f"Fraction({value.numerator:d}, {value.denominator:d})"


def _complex_text(value: complex) -> str:
    return f"complex({float_text(value.real)}, {float_text(value.imag)})"


def _int_text(value: int) -> str:
    return repr(value) if value.bit_length() < 10_000 else hex(value)  # decimal digits are limited and slow


_SCALARS: dict[type, Callable[[Any], str]] = {
    type(None): repr,
    bool: repr,
    type(Ellipsis): repr,
    type(NotImplemented): repr,
    int: _int_text,
    float: float_text,
    complex: _complex_text,
    bytearray: repr,
    fractions.Fraction: _fraction_text,
    **dict.fromkeys(_PLAIN, repr),
    **dict.fromkeys(_PATHS, repr),
}
