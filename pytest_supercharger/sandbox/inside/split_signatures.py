"""The parameters of a function of the other process: code that looks at what it is given sees the same there."""

from __future__ import annotations

import inspect
from typing import Any

__all__ = ["parameters", "signature_from"]

Wire = Any
_KINDS = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.VAR_POSITIONAL,
    inspect.Parameter.KEYWORD_ONLY,
    inspect.Parameter.VAR_KEYWORD,
)
_MOST = 100
_PLAIN = (bool, int, str, type(None))
_TEXT = 200


def parameters(function: Any) -> Wire:
    """Name, kind and default of each; None where Python itself does not know them.

    A default that is no short plain value is said to be there, and no more.
    """
    try:
        found = [*inspect.signature(function).parameters.values()]
    except Exception:  # of a class with a metaclass of its own, for one: what it raises is somebody else's
        return None
    return [[one.name, int(one.kind), *_default(one)] for one in found] if len(found) <= _MOST else None


def signature_from(wire: Wire) -> inspect.Signature:
    """The signature that was said; strict, as it may come from a candidate."""
    return inspect.Signature([_parameter(*one) for one in wire[:_MOST]])


def _default(one: inspect.Parameter) -> list[Wire]:
    if one.default is inspect.Parameter.empty:
        return []
    plain = type(one.default) in _PLAIN and len(str(one.default)) <= _TEXT
    return [one.default if plain else ["other"]]


def _parameter(name: Wire, kind: Wire, *default: Wire) -> inspect.Parameter:
    if not default:
        return inspect.Parameter(str(name), _KINDS[kind])
    value = default[0] if type(default[0]) in _PLAIN else ...
    return inspect.Parameter(str(name), _KINDS[kind], default=value)
