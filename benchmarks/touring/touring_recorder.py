"""A pytest plugin, loaded by name in a project's own environment: which functions its tests call, and with what.

What can be written as an expression is called again at the end, twice, and noted with its result in the file that
TOURING_CALLS names, unless the test saw another result: that depends on more than the call, such as a clock that the
test stopped. Objects that have no expression are written by the call that made them. Standard library only.
PYTEST_DONT_REWRITE: the project has imported it by then, and an ini file may make a warning of that an error.
"""

from __future__ import annotations

import collections
import contextlib
import functools
import inspect
import io
import json
import os
import resource
import signal
import sys
import types
import warnings
from pathlib import Path
from typing import Any

import touring_again as again
import touring_values as values

_MOST_CALLS = 400  # of one function that are looked at
_MOST_KEPT = 24  # different ones that are kept
_MOST_MADE = 500  # objects of a class that are known by the call that made them
_BYTES = 4 << 30

_calls: dict[str, dict[str, dict[str, Any]]] = {}
_counts: collections.Counter[str] = collections.Counter()
_tests: dict[str, set[str]] = {}
_early: dict[str, str] = {}  # what is called before there is a test -> by whom: with it open no suite can be run
_failed: set[str] = set()  # tests that do so as it is: they tell nothing of a body
_making: set[int] = set()  # objects whose `__init__` runs
_made: collections.Counter[type] = collections.Counter()
_busy = False


def record(function: Any) -> Any:
    """Wrap a function so that its calls are noted; what it does stays the same."""
    key = f"{function.__module__}:{function.__qualname__}"
    _tests.setdefault(key, set())

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        call = _note(key, args, kwargs)
        result = function(*args, **kwargs)
        _see(call, result)
        return result

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def wrapper(*args: Any, **kwargs: Any) -> Any:
            call = _note(key, args, kwargs)
            result = await function(*args, **kwargs)
            _see(call, result)
            return result

    return wrapper


def made(kind: Any) -> Any:
    """Let the objects of a class be written by the call that made them; the class stays the same."""
    init = vars(kind).get("__init__") if isinstance(kind, type) else None
    if not isinstance(init, types.FunctionType):
        return kind

    @functools.wraps(init)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        outer = id(self) not in _making
        _making.add(id(self))
        call = _making_of(self, args, kwargs) if outer else None
        try:
            init(self, *args, **kwargs)
        finally:
            if outer:
                _making.discard(id(self))
        if call is not None:
            values.made(self, **call)

    with contextlib.suppress(AttributeError, TypeError):  # a class that does not let itself be changed
        kind.__init__ = __init__
    return kind


def _making_of(made: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any] | None:
    """The expression that makes an object, with what it needs; None where there is none."""
    global _busy
    _made[type(made)] += 1
    if _busy or _made[type(made)] > _MOST_MADE:
        return None
    _busy = True
    try:
        page = values.Page()
        name = page.write(type(made))
        words = [page.write(value) for value in args] + [
            f"{word}={page.write(value)}" for word, value in kwargs.items()
        ]
        return {"text": f"{name}({', '.join(words)})", "imports": page.imports, "helpers": page.helpers}
    except values.Unwritable:
        return None
    finally:
        _busy = False


def _note(key: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any] | None:
    """Note a call; what was noted of it, where it is a new one that can be written."""
    global _busy
    if _busy:
        return None
    _busy = True  # what writing a value calls is nobody's test
    try:
        test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
        if test:
            _tests[key].add(test)
        elif by := _caller(sys._getframe(2)):
            _early.setdefault(key, by)
        _counts[key] += 1
        kept = _calls.setdefault(key, {})
        if _counts[key] > _MOST_CALLS or len(kept) == _MOST_KEPT:
            return None
        call = _call(_whole(key, args), kwargs)
        text = json.dumps(call)
        return None if text in kept else kept.setdefault(text, call)
    except values.Unwritable:
        return None
    finally:
        _busy = False


def _caller(frame: types.FrameType | None) -> str:
    """Who makes a call that no test makes: pytest, or the import of the project or of a conftest; "" for others."""
    here = f"{Path.cwd()}/"
    while frame is not None and (frame.f_code.co_filename == __file__ or frame.f_code.co_filename.startswith(here)):
        if frame.f_code.co_name == "<module>":
            return "" if "test_" in Path(frame.f_code.co_filename).name else "it runs while the project is imported"
        frame = frame.f_back
    name = str(frame.f_globals.get("__name__")) if frame is not None else ""
    return "pytest itself calls it" if name.partition(".")[0] in ("_pytest", "pluggy", "pytest") else ""


def _see(call: dict[str, Any] | None, result: Any) -> None:
    """Note what a call gave, where that can be written without using it up."""
    global _busy
    if call is None or _busy or again.is_iterator(result):
        return
    _busy = True
    try:
        call["seen"] = values.Page(results=True).write(result)
    except values.Unwritable:
        return
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


def pytest_runtest_logreport(report: Any) -> None:
    """Note which tests fail."""
    if report.failed:
        _failed.add(report.nodeid)


def pytest_unconfigure() -> None:
    """Call everything again and write down what came of it."""
    global _busy
    path = os.environ.get("TOURING_CALLS")
    if not path or _busy:
        return
    _busy = True
    signal.signal(signal.SIGALRM, again.late)
    resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
    found = {}
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for key, tests in _tests.items():
            kept = [case for call in _calls.get(key, {}).values() if (case := again.case(key, call))]
            found[key] = {"tests": sorted(tests - _failed), "calls": kept, "early": _early.get(key, "")}
    Path(path).write_text(json.dumps(found), "utf-8")


sys.modules.setdefault("touring_recorder", sys.modules[__name__])
