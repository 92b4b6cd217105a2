"""Which tests can run apart from the candidate, read off their text before anything is run.

Values travel between the two processes; what a process shares within itself does not: environment, files, clocks that a
test sets, seeds, warning filters, patched modules. A test that touches any of it is not run split.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_supercharger import parsing
from pytest_supercharger.purity import PURE_MODULES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_supercharger.domain import GeneratedTest

__all__ = ["rehearsal", "why_not"]

# Modules of which a test may use anything (None), or these names alone; pure ones are free as well.
_MODULES: dict[str, frozenset[str] | None] = {
    **dict.fromkeys(("anyio", "doctest", "http", "hypothesis", "io", "pytest", "pytest_asyncio", "unittest")),
    "importlib": frozenset({"import_module"}),
    "inspect": frozenset({"isawaitable", "iscoroutine", "iscoroutinefunction", "isgenerator", "signature"}),
    "sys": frozenset({"float_info", "maxsize", "maxunicode", "version_info"}),
}
# Modules with a state that is not the one of the candidate's process, and what reads or changes it.
_STATE = frozenset({"random", "time", "secrets", "warnings", "decimal"})
_STATEFUL = frozenset({"filterwarnings", "getcontext", "seed", "setcontext", "setstate", "simplefilter", "sleep"})
_FIXTURES = frozenset({"caplog", "mocker", "monkeypatch", "tmp_path", "tmp_path_factory", "tmpdir", "tmpdir_factory"})
_NAMES = frozenset({"delattr", "eval", "exec", "globals", "input", "open", "setattr"})
_PATCHING = frozenset({"MonkeyPatch", "localcontext", "mock", "patch"})


def why_not(test: GeneratedTest) -> str:
    """What in `test` cannot be told between two processes; "" where nothing is seen."""
    try:
        tree = parsing.module(test.source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    return next(_findings(tree), "")


def rehearsal(test: GeneratedTest) -> GeneratedTest:
    """The test with nothing asserted, to be run without any candidate."""
    try:
        tree = _Unasserted().visit(parsing.module(test.source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return test
    return replace(test, source=ast.unparse(ast.fix_missing_locations(tree)))


class _Unasserted(ast.NodeTransformer):
    def visit_Assert(self, node: ast.Assert) -> ast.Expr:
        """Look at it all the same: the calls of the candidate are in there."""
        return ast.Expr(node.test)


def _findings(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (f"imports {alias.name}" for alias in node.names if not _may_import(alias.name))
        elif isinstance(node, ast.ImportFrom) and not _may_import(node.module or ""):
            yield f"imports {node.module}"
        elif isinstance(node, ast.ImportFrom):
            allowed = _MODULES.get(node.module or "")
            names = [alias.name for alias in node.names]
            refused = _STATEFUL | _PATCHING if node.module in _STATE | {"pytest", "unittest"} else frozenset()
            yield from (f"uses {name}" for name in names if name in refused or (allowed and name not in allowed))
        elif isinstance(node, ast.arg) and node.arg in _FIXTURES:
            yield f"uses {node.arg}"
        elif isinstance(node, ast.Name) and node.id in _NAMES | _PATCHING:
            yield f"uses {node.id}"
        elif isinstance(node, ast.Attribute):
            yield from _attribute(node)


def _attribute(node: ast.Attribute) -> Iterator[str]:
    owner = node.value.id if isinstance(node.value, ast.Name) else ""
    allowed = _MODULES.get(owner)
    beyond = allowed is not None and node.attr not in allowed
    if beyond or node.attr in _PATCHING or (owner in _STATE and node.attr in _STATEFUL):
        yield f"uses {ast.unparse(node)}"[:80]


def _may_import(name: str) -> bool:
    """Whether a module is harmless, or not of the standard library: the project's own, or that of a library."""
    top = name.partition(".")[0]
    if name == "unittest.mock":
        return False
    return top in _MODULES or name in PURE_MODULES or top in PURE_MODULES or top not in sys.stdlib_module_names
