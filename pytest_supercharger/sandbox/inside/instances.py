"""What there is to see of an instance: what it holds as a list, dict or the like, and its attributes.

Only of classes that are Python all the way down to a builtin that is known here: what C keeps to itself has no text,
and two instances with the same attributes may differ in it.
"""

from __future__ import annotations

from collections import OrderedDict
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["parts"]

_HEAP = 1 << 9  # Py_TPFLAGS_HEAPTYPE: no class statement makes one without it
_WHOLE = slice(None)
_CONTENTS: dict[type, Callable[[Any], object]] = {
    object: lambda value: None,
    list: lambda value: list.__getitem__(value, _WHOLE),
    tuple: lambda value: tuple.__getitem__(value, _WHOLE),
    dict: dict.copy,
    OrderedDict: lambda value: [*OrderedDict.items(value)],
    set: lambda value: {*set.__iter__(value)},
    frozenset: lambda value: {*frozenset.__iter__(value)},
    str: str.__str__,
    bytes: lambda value: bytes.__getitem__(value, _WHOLE),
    int: int.__int__,
    float: float.__float__,
}


def parts(value: object) -> tuple[object, dict[str, object]] | None:
    """What it holds as a builtin, and its attributes by name; None where more of it may be hidden."""
    base = _below(type(value))
    if base not in _CONTENTS or base is type(value):
        return None
    own = getattr(value, "__dict__", {})
    return _CONTENTS[base](value), {**dict(_slots(value)), **(own if type(own) is dict else {})}


def _below(kind: type) -> type | None:
    """The first class on the way that C made; None where that cannot be told."""
    for place, base in enumerate(kind.__mro__):
        new = vars(base).get("__new__")
        if not base.__flags__ & _HEAP or getattr(new, "__self__", None) is base:
            return base
        # A class statement leaves one of the two; types of C that nobody can call have neither, and no `__new__`.
        if not any({"__dict__", "__slots__"} & vars(other).keys() for other in kind.__mro__[place:]):
            return None
    return None


def _slots(value: object) -> Iterator[tuple[str, object]]:
    for base in type(value).__mro__:
        names = vars(base).get("__slots__", ())
        for name in (names,) if isinstance(names, str) else tuple(names):
            hidden = name.startswith("__") and not name.endswith("__")
            name = f"_{base.__name__.lstrip('_')}{name}" if hidden else name
            member = vars(base).get(name)
            if isinstance(member, MemberDescriptorType):  # not `__dict__`, and not what took its place
                try:
                    yield name, member.__get__(value)
                except AttributeError:  # it was never set
                    continue
