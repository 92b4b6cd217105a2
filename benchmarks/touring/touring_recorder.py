"""A pytest plugin, loaded by name in a project's own environment: which functions its tests call, and with what.

What can be written as an expression is called again at the end, twice, and noted with its result in the file that
TOURING_CALLS names. Standard library only. PYTEST_DONT_REWRITE: the project's modules have imported it by then, and an
ini file may make a warning of that an error.
"""

from __future__ import annotations

import collections
import contextlib
import functools
import importlib
import inspect
import io
import itertools
import json
import os
import resource
import signal
import sys
import warnings
from pathlib import Path
from typing import Any

import touring_values as values

_MOST_CALLS = 400  # of one function that are looked at
_MOST_KEPT = 24  # different ones that are kept
_SECONDS = 1.0  # for a call
_BYTES = 4 << 30
_MOST_ITEMS = 40  # of an iterator that is a result

_calls: dict[str, dict[str, dict[str, Any]]] = {}
_counts: collections.Counter[str] = collections.Counter()
_tests: dict[str, set[str]] = {}
_busy = False


def record(function: Any) -> Any:
    """Wrap a function so that its calls are noted; what it does stays the same."""
    key = f"{function.__module__}:{function.__qualname__}"
    _tests.setdefault(key, set())

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        _note(key, args, kwargs)
        return function(*args, **kwargs)

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def wrapper(*args: Any, **kwargs: Any) -> Any:
            _note(key, args, kwargs)
            return await function(*args, **kwargs)

    return wrapper


def _note(key: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    global _busy
    if _busy:
        return
    _busy = True  # what writing a value calls is nobody's test
    try:
        test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
        if test:
            _tests[key].add(test)
        _counts[key] += 1
        kept = _calls.setdefault(key, {})
        if _counts[key] <= _MOST_CALLS and len(kept) < _MOST_KEPT:
            call = _call(_whole(key, args), kwargs)
            kept.setdefault(json.dumps(call), call)
    except values.Unwritable:
        pass
    finally:
        _busy = False


def _whole(key: str, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments, with nothing for an object that is only about to be made."""
    return (None, *args[1:]) if key.endswith((".__init__", ".__new__")) else args


def _call(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    page = values.Page()
    positional = [page.write(value) for value in args]
    named = {name: page.write(value) for name, value in kwargs.items()}
    return {"args": positional, "kwargs": named, "imports": sorted(page.imports), "helpers": page.helpers}


def pytest_unconfigure() -> None:
    """Call everything again and write down what came of it."""
    global _busy
    path = os.environ.get("TOURING_CALLS")
    if not path or _busy:
        return
    _busy = True
    signal.signal(signal.SIGALRM, _late)
    resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
    found = {}
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for key, tests in _tests.items():
            kept = [case for call in _calls.get(key, {}).values() if (case := _case(key, call))]
            found[key] = {"tests": sorted(tests), "calls": kept}
    Path(path).write_text(json.dumps(found), "utf-8")


def _late(number: int, frame: Any) -> None:
    raise TimeoutError


def _case(key: str, call: dict[str, Any]) -> dict[str, Any] | None:
    """The call as code with its result, the same twice; None where it has none that can be written."""
    try:
        code = _code(key, call)
        signal.setitimer(signal.ITIMER_REAL, _SECONDS)
        one, other = _result(code), _result(code)
    except (Exception, SystemExit):  # of the project's code, on what may be a lone part of its state
        return None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return {**code, **one} if one == other and one else None


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
        before = values.Page().write(space["subject"])
    page = values.Page()
    try:
        value = eval(code["call"], space)
        if inspect.iscoroutine(value):
            import asyncio

            value = asyncio.run(value)
        shape, value = _drained(value)
    except Exception as error:  # what the project's function raises is what is recorded
        return {"form": "raises", "result": page.write(type(error)), "result_imports": sorted(page.imports)}
    result = page.write(value)
    after = page.write(space["subject"]) if code["subject"] is not None else ""
    changed = {"after": after} if after != before else {}
    if value is None and not changed and shape == "value":
        return {}  # nothing is to be seen
    return {"form": shape, "result": result, "result_imports": sorted(page.imports), **changed}


def _drained(value: Any) -> tuple[str, Any]:
    """What an iterator gives, as far as it goes."""
    if not (hasattr(value, "__next__") and hasattr(value, "__iter__")):
        return "value", value
    items = list(itertools.islice(value, _MOST_ITEMS))
    return ("list", items) if len(items) < _MOST_ITEMS else ("first", items[:10])


sys.modules.setdefault("touring_recorder", sys.modules[__name__])
