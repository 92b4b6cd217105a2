"""Whether what decides outcomes is still what it was: functions, their code, classes, hooks, built-ins.

Taken in PID 1, before any code of a job, and compared in the fork after it. Looked at is what a run of tests of ours
executed: the rest decides nothing, and to touch an object in a fork is to copy its page.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Container, Iterator, Set
from contextlib import contextmanager
from operator import attrgetter, is_
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from pluggy import HookCaller

if TYPE_CHECKING:
    import pytest

__all__ = ["Check", "executed", "is_of", "nested", "snapshot"]

_PACKAGES = ("_pytest.", "pluggy.", "unittest.", "json.", "_supercharger.")
# Tests replace these and need not put them back; nothing here depends on them.
_FREE = frozenset({"_", "input", "print", "open", "help", "exit", "quit", "copyright", "credits", "license"})

Namespace = Any  # a dict or the read-only view of a class
Check = Callable[[], list[str]]


@contextmanager
def executed() -> Iterator[set[CodeType]]:
    """Collects the code that is run within."""
    codes: set[CodeType] = set()

    def note(frame: Any, event: str, argument: object) -> None:
        if event == "call":
            codes.add(frame.f_code)

    sys.setprofile(note)
    try:
        yield codes
    finally:
        sys.setprofile(None)


def snapshot(config: pytest.Config, codes: Set[CodeType] | None = None) -> Check:
    """A function that names what has changed since now, of what `codes` belong to or use; of everything for None."""
    used = set(vars(builtins)) if codes is None else {name for code in codes for name in code.co_names}
    spaces = [("builtins", vars(builtins), [name for name in used - _FREE if name in vars(builtins)])]
    for name, module in list(sys.modules.items()):
        if name.startswith(_PACKAGES):
            spaces += _spaces(name, vars(module), _Chosen() if codes is None else codes)
    frozen = tuple((label, space.get, tuple(names), tuple(map(space.get, names))) for label, space, names in spaces)
    # What was not executed yet may still add to its classes by itself.
    sizes = tuple((label, space, len(space)) for label, space, _ in spaces if codes and not isinstance(space, dict))
    values = [value for _, _, _, values in frozen for value in values]
    functions = tuple({id(value): value for value in values if isinstance(value, FunctionType)}.values())
    known = tuple(function.__code__ for function in functions)
    callers = [caller for name, caller in vars(config.hook).items() if codes is None or name in used]
    hooks = tuple(caller.get_hookimpls for caller in callers if isinstance(caller, HookCaller))
    return _comparison(frozen, sizes, functions, known, tuple((hook, tuple(hook())) for hook in hooks))


def _comparison(frozen: Any, sizes: Any, functions: Any, known: Any, hooks: Any) -> Check:
    # All that the comparison uses is its own, so that names patched since then do not matter to it.
    code_of, everything, each, same, size = attrgetter("__code__"), all, map, is_, len

    def changed() -> list[str]:
        found = [label for label, get, names, values in frozen if not everything(each(same, each(get, names), values))]
        found += [label for label, space, count in sizes if size(space) != count]
        if not everything(each(same, each(code_of, functions), known)):
            found.append("code of a function")
        for hook, before in hooks:
            now = hook()
            if size(now) != size(before) or not everything(each(same, now, before)):
                found.append("hooks")
                break
        return found

    return changed


def nested(code: CodeType) -> dict[int, CodeType]:
    """The code of a module and of everything that is defined in it, by identity."""
    found = {id(code): code}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= nested(constant)
    return found


def is_of(codes: Container[int], function: Any) -> bool:
    """Whether `function`, or what it wraps, still has its code from `codes`."""
    function = getattr(function, "__func__", function)
    while id(getattr(function, "__code__", None)) not in codes:
        function = getattr(function, "__wrapped__", None)
        if function is None:
            return False
    return True


class _Chosen:
    """Every function."""

    def __contains__(self, code: object) -> bool:
        return code is not None


def _spaces(label: str, space: Namespace, codes: Container[CodeType | None]) -> list[tuple[str, Namespace, list[str]]]:
    """The functions of a module and of its classes that were executed."""
    module = label.removeprefix("_supercharger.")
    found = [(module, space, [name for name, value in space.items() if _code(value) in codes])]
    for name, value in list(space.items()):
        if isinstance(value, type) and value.__module__ == label:
            members = [key for key, member in vars(value).items() if _code(member) in codes]
            if members:
                found[0][2].append(name)
                found.append((f"{module}.{name}", vars(value), members))
    return [one for one in found if one[2]]


def _code(value: object) -> CodeType | None:
    """The code of a function, also of one in a property, a class method or a static method."""
    if isinstance(value, property):
        value = value.fget
    elif isinstance(value, classmethod | staticmethod):
        value = value.__func__
    return value.__code__ if isinstance(value, FunctionType) else None
