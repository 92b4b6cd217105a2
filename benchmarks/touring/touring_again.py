"""Calls that were recorded, made once more: as code, with what comes of them. Standard library only."""

from __future__ import annotations

import importlib
import inspect
import itertools
import signal
from typing import Any

import touring_values as values

__all__ = ["case", "is_iterator", "late"]

_SECONDS = 1.0  # for a call
_MOST_ITEMS = 40  # of an iterator that is a result


def late(number: int, frame: Any) -> None:
    """End a call that takes too long."""
    raise TimeoutError


def case(key: str, call: dict[str, Any]) -> dict[str, Any] | None:
    """The call as code with its result, the same twice; None where it has none that can be written."""
    try:
        code = _code(key, call)
        signal.setitimer(signal.ITIMER_REAL, _SECONDS)
        one, other = _result(code), _result(code)
    except (Exception, SystemExit):  # of the project's code, on what may be a lone part of its state
        return None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    same = one == other and call.get("seen") in (None, one.get("result"))
    return {**code, **one} if same and one else None


def _code(key: str, call: dict[str, Any]) -> dict[str, Any]:
    module, _, qualname = key.partition(":")
    owner, _, name = qualname.rpartition(".")
    imports = [f"from {module} import {qualname.partition('.')[0]}", *call["imports"]]
    code: dict[str, Any] = {"imports": imports, "helpers": call["helpers"], "subject": None}
    kind = _kind(module, owner, name)
    words = [*call["args"], *(f"{word}={value}" for word, value in call["kwargs"].items())]
    if kind == "method":
        subject, words = words[0], words[1:]
        if name in ("__init__", "__new__"):
            return code | {"call": f"{owner}({', '.join(words)})", "subject": None}
        return code | {"call": f"subject.{name}({', '.join(words)})", "subject": subject}
    if kind == "property":
        return code | {"call": f"subject.{name}", "subject": words[0]} if len(words) == 1 else {}
    if kind == "classmethod":
        words = words[1:]
    target = f"{owner}.{name}" if owner else name
    return code | {"call": f"{target}({', '.join(words)})"}


def _kind(module: str, owner: str, name: str) -> str:
    if not owner:
        return "function"
    place: Any = importlib.import_module(module)
    for part in owner.split("."):
        place = getattr(place, part)
    found = inspect.getattr_static(place, name)
    if isinstance(found, classmethod):
        return "classmethod"
    if isinstance(found, staticmethod):
        return "static"
    return "property" if hasattr(type(found), "__set__") or hasattr(found, "func") else "method"


def _result(code: dict[str, Any]) -> dict[str, Any]:
    space: dict[str, Any] = {}
    for line in (*code["imports"], *code["helpers"]):
        exec(line, space)
    before = ""
    if code["subject"] is not None:
        space["subject"] = eval(code["subject"], space)
        before = _state(values.Page(results=True), space["subject"])
    page = values.Page(results=True)
    try:
        value = eval(code["call"], space)
        if inspect.iscoroutine(value):
            import asyncio

            value = asyncio.run(value)
        shape, value = _drained(value)
    except Exception as error:  # what the project's function raises is what is recorded
        return {"form": "raises", "result": page.write(type(error)), "result_imports": sorted(page.imports)}
    said = _said(page, value)
    after = _state(page, space["subject"]) if code["subject"] is not None else ""
    changed = {"after": after} if after != before and before and after else {}
    if value is None and not changed and shape == "value":
        return {}  # nothing is to be seen
    return {"form": shape, **said, "result_imports": sorted(page.imports), **changed}


def _said(page: values.Page, value: Any) -> dict[str, Any]:
    """A result as an expression; where there is none, as what its `repr` says, if that tells one from another."""
    try:
        return {"result": page.write(value)}
    except values.Unwritable:
        return {"result": repr(values.plain_repr(value)), "as_repr": True}


def _state(page: values.Page, subject: Any) -> str:
    try:
        return page.write(subject)
    except values.Unwritable:
        return ""


def _drained(value: Any) -> tuple[str, Any]:
    """What an iterator gives, as far as it goes."""
    if not is_iterator(value):
        return "value", value
    items = list(itertools.islice(value, _MOST_ITEMS))
    return ("list", items) if len(items) < _MOST_ITEMS else ("first", items[:10])


def is_iterator(value: Any) -> bool:
    """Whether looking at a value uses it up."""
    return hasattr(value, "__next__") and hasattr(value, "__iter__")
