"""Whether what decides outcomes is still what it was: functions, their code, classes, hooks, built-ins.

Taken in PID 1, before any code of a job, and compared in the fork after it. Everything the comparison uses is held by
the closure, so that names patched since then do not matter to it.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable
from operator import attrgetter, is_
from types import FunctionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

__all__ = ["Check", "snapshot"]

_MODULES = (
    *("_pytest.runner", "_pytest.reports", "_pytest.main", "_pytest.python", "_pytest.nodes", "_pytest.outcomes"),
    *("_pytest.skipping", "_pytest.unittest", "_pytest.raises", "_pytest.python_api", "_pytest._code.code"),
    *("_pytest.assertion", "_pytest.assertion.rewrite", "_pytest.assertion.util", "unittest.case", "unittest.result"),
    *("json", "json.encoder", "_supercharger.frames", "_supercharger.inside.reporting", "_supercharger.inside.child"),
)
# Tests replace these and need not put them back; nothing here depends on them.
_FREE = frozenset(
    {"_", "input", "print", "open", "help", "exit", "quit", "copyright", "credits", "license", "breakpoint"}
)

Namespace = Any  # a dict or the read-only view of a class
Check = Callable[[], list[str]]


def snapshot(config: pytest.Config | None) -> Check:
    """A function that names what has changed since now."""
    spaces = [("builtins", vars(builtins), [name for name in vars(builtins) if name not in _FREE])]
    for name in [*_MODULES, *(name for name in sys.modules if name.startswith("pluggy."))]:
        if name in sys.modules:
            spaces += _spaces(name, vars(sys.modules[name]))
    frozen = tuple((label, space.get, tuple(names), tuple(map(space.get, names))) for label, space, names in spaces)
    values = [value for _, _, _, values in frozen for value in values]
    functions = tuple({id(value): value for value in values if isinstance(value, FunctionType)}.values())
    codes = tuple(function.__code__ for function in functions)
    hooks = _hooks(config)
    implementations = tuple(tuple(hook()) for hook in hooks)
    code_of, everything, each, same, size = attrgetter("__code__"), all, map, is_, len

    def changed() -> list[str]:
        found = [label for label, get, names, values in frozen if not everything(each(same, each(get, names), values))]
        if not everything(each(same, each(code_of, functions), codes)):
            found.append("code of a function")
        for hook, known in zip(hooks, implementations):  # noqa: B905 - made above, of one length
            now = hook()
            if size(now) != size(known) or not everything(each(same, now, known)):
                found.append("hooks")
                break
        return found

    return changed


def _spaces(label: str, space: Namespace) -> list[tuple[str, Namespace, list[str]]]:
    """The module's own functions and classes, and what stands in those classes."""
    module = label.removeprefix("_supercharger.")
    own = [
        name for name, value in space.items() if isinstance(value, FunctionType | type) and not name.startswith("__")
    ]
    found = [(module, space, own)]
    for name in own:
        value = space[name]
        if isinstance(value, type) and value.__module__ in (label, label.partition(".")[0]):
            members = [key for key in vars(value) if key not in ("__dict__", "__weakref__", "__abstractmethods__")]
            found.append((f"{module}.{name}", vars(value), [key for key in members if key != "_abc_impl"]))
    return found


def _hooks(config: pytest.Config | None) -> tuple[Callable[[], list[Any]], ...]:
    if config is None:
        return ()
    callers = [caller for name, caller in vars(config.hook).items() if name.startswith("pytest_")]
    return tuple(caller.get_hookimpls for caller in callers)
