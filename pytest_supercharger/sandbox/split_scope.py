"""Which tests can run apart from the candidate, read off their text before anything is run.

Values travel between the two processes; what a process shares within itself does not: environment, files, clocks that a
test sets, seeds, warning filters, patched modules. A test that touches any of it is not run split.
"""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from pytest_supercharger import parsing
from pytest_supercharger.purity import PURE_MODULES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_supercharger.domain import GeneratedTest

__all__ = ["why_not"]

_HARMLESS = PURE_MODULES | {
    "pytest",
    "hypothesis",
    "pytest_asyncio",
    "anyio",
    "io",
    "unittest",
    "http",
    "sys",
    "inspect",
}
# Modules whose state in the test's process is not that of the candidate's.
_STATE = frozenset({"random", "time", "secrets", "warnings", "decimal"})
_STATEFUL = frozenset(
    {"seed", "setstate", "sleep", "tzset", "filterwarnings", "simplefilter", "getcontext", "setcontext"}
)
_FIXTURES = frozenset({"monkeypatch", "mocker", "caplog", "tmp_path", "tmp_path_factory", "tmpdir", "tmpdir_factory"})
_NAMES = frozenset(
    {"open", "input", "eval", "exec", "globals", "setattr", "delattr", "patch", "MonkeyPatch", "localcontext"}
)
_SYS = frozenset({"maxsize", "float_info", "maxunicode", "version_info"})


def why_not(test: GeneratedTest) -> str:
    """What in `test` cannot be told between two processes; "" where nothing is seen."""
    try:
        tree = parsing.module(test.source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    return next(_findings(tree), "")


def _findings(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (f"imports {alias.name}" for alias in node.names if not _may_import(alias.name))
        elif isinstance(node, ast.ImportFrom) and not _may_import(node.module or ""):
            yield f"imports {node.module}"
        elif isinstance(node, ast.ImportFrom):
            yield from (f"uses {alias.name}" for alias in node.names if alias.name in _NAMES | _STATEFUL)
        elif isinstance(node, ast.arg) and node.arg in _FIXTURES:
            yield f"uses {node.arg}"
        elif isinstance(node, ast.Name) and node.id in _NAMES:
            yield f"uses {node.id}"
        elif isinstance(node, ast.Attribute):
            yield from _attribute(node)


def _attribute(node: ast.Attribute) -> Iterator[str]:
    owner = node.value.id if isinstance(node.value, ast.Name) else ""
    stateful = owner in _STATE and node.attr in _STATEFUL
    if stateful or node.attr in ("patch", "MonkeyPatch", "mock") or (owner == "sys" and node.attr not in _SYS):
        yield f"uses {ast.unparse(node)}"[:80]


def _may_import(name: str) -> bool:
    """Whether a module is harmless, or not of the standard library: the project's own, or that of a library."""
    top = name.partition(".")[0]
    if name in ("unittest.mock", "urllib.request"):
        return False
    return top in _HARMLESS or name in _HARMLESS or top not in sys.stdlib_module_names
