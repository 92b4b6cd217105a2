"""What a test puts something else in the place of: the user's own module and harmless ones, not what judges it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from pytest_supercharger.dotted import chain, pair
from pytest_supercharger.purity import GUARDED_MODULES, PURE_MODULES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_supercharger.declared import Uses

__all__ = ["forbidden_patch", "is_patch"]

# What people type, see and open stands in the place of a person or a file.
_OPEN = frozenset(
    {"builtins.input", "builtins.print", "builtins.open", "os.environ", "os.getcwd", "sys.argv", "sys.stdin"}
    | {"sys.stdout", "sys.stderr"}
)
_BY_MOCK = frozenset({"patch", "object", "dict", "multiple", "__call__"})
_BY_FIXTURE = frozenset({"setattr", "delattr", "setitem", "delitem", "syspath_prepend"})


def forbidden_patch(node: ast.Call, bound: Mapping[str, str], uses: Uses, package: str) -> str:
    """What a call of `monkeypatch` or `patch` changes that is not for a test to change; "" for everything else."""
    name = _target(node, bound)
    if name is None:
        return "a computed name"
    if name in _OPEN or name.partition(".")[0] == package:
        return ""
    first = name.partition(".")[0]
    if first in GUARDED_MODULES or first in {"builtins", "unittest"}:
        return "" if pair(name) in uses.pairs else name
    own = first not in bound.values() and name.isidentifier()  # an object of the test
    harmless = own or pair(name) in PURE_MODULES or first in PURE_MODULES or first in uses.imports | uses.bound
    return "" if harmless else name


def is_patch(function: ast.expr, bound: Mapping[str, str]) -> bool:
    """Whether this is a function that puts something in another one's place: of `mock`, or of any `MonkeyPatch`."""
    *before, last = chain(function, bound).split(".")
    if last == "patch" or "patch" in before:
        return last in _BY_MOCK
    return isinstance(function, ast.Attribute) and function.attr in _BY_FIXTURE


def _target(node: ast.Call, bound: Mapping[str, str]) -> str | None:
    """The dotted name of what is changed; None where the text does not tell."""
    if not node.args or (isinstance(node.func, ast.Attribute) and node.func.attr == "syspath_prepend"):
        return None
    place, *rest = node.args
    if isinstance(place, ast.Constant):
        return place.value if isinstance(place.value, str) else None
    name = chain(place, bound) or (place.id if isinstance(place, ast.Name) else "")
    if not name:
        return None if not isinstance(place, (ast.Attribute, ast.Call)) else "_"
    by_item = isinstance(node.func, ast.Attribute) and node.func.attr in {"dict", "setitem", "delitem", "multiple"}
    if by_item or name not in bound.values():
        return name
    attribute = rest[0] if rest else None
    if isinstance(attribute, ast.Constant) and isinstance(attribute.value, str):
        return f"{name}.{attribute.value}"
    return None
