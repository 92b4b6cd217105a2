"""What a generated test would do beyond checking the stub: its reach is that of a test, and no further.

A test may use pytest, mocks, asyncio, threads and temporary files. It may not start processes, use the network, touch
other files, change what outlives it, or change what judges it. The gate for candidates does most of the reading; this
adds what tests may do in excess of candidates, and the bounds of that.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from pytest_supercharger.clean._patches import forbidden_patch, is_patch
from pytest_supercharger.clean._temporary import Temporary
from pytest_supercharger.dotted import bindings, chain
from pytest_supercharger.effect_scan import Scan
from pytest_supercharger.parsing import walked
from pytest_supercharger.purity import PATH_WRITES, words
from pytest_supercharger.scopes import own
from pytest_supercharger.text_effects import bound_to

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_supercharger.declared import Uses
    from pytest_supercharger.domain import Stub

__all__ = ["outside"]

_MODULES = words(
    "pytest unittest.mock mock hypothesis anyio numpy pandas dateutil freezegun "
    "concurrent.futures contextvars csv logging os.environ pathlib queue tempfile threading "
    "inspect.signature inspect.Parameter inspect.iscoroutinefunction inspect.iscoroutine inspect.isgenerator "
    "inspect.isgeneratorfunction inspect.isasyncgen inspect.isasyncgenfunction inspect.isawaitable "
    "io.StringIO io.BytesIO io.TextIOWrapper io.UnsupportedOperation "
    "sys.stdin sys.stdout sys.stderr sys.argv sys.float_info"
)
_FILE_CALLS = frozenset(
    {f"os.{name}" for name in ("chmod", "listdir", "makedirs", "mkdir", "remove", "rename", "replace", "rmdir")}
    | {f"os.{name}" for name in ("scandir", "stat", "symlink", "unlink", "walk")}
    | {f"shutil.{name}" for name in ("copy", "copy2", "copyfile", "copytree", "move", "rmtree")}
)
# Names a test may use although a candidate may not: it looks at results, and expects exceptions.
_NAMES = frozenset(
    {"open", "replace", "vars", "SystemExit", "KeyboardInterrupt", "__dict__", "__class__", "__wrapped__"}
)
_PYTEST = words(
    "approx deprecated_call fail fixture mark param raises warns CaptureFixture FixtureRequest LogCaptureFixture "
    "MonkeyPatch RaisesExc RaisesGroup TempPathFactory WarningsRecorder"
)
_REFUSED = {
    "unittest.mock.ANY": "equals everything",
    "mock.ANY": "equals everything",
    "concurrent.futures.ProcessPoolExecutor": "starts processes",
    "concurrent.futures.process": "starts processes",
    **{f"anyio.{name}": "starts processes" for name in ("open_process", "run_process", "to_process")},
    **{f"anyio.{name}": "reaches out" for name in ("connect_tcp", "connect_unix", "create_tcp_listener")},
    **{f"anyio.{name}": "reaches out" for name in ("Path", "open_file", "open_signal_receiver")},
    **{f"logging.{name}": "changes logging for good" for name in ("basicConfig", "captureWarnings", "disable")},
    **{f"logging.{name}": "changes logging for good" for name in ("setLoggerClass", "shutdown", "config")},
    **{f"logging.{name}": "writes files" for name in ("FileHandler", "handlers")},
}
_ENVIRONMENT = words("clear pop popitem setdefault update __setitem__ __delitem__ __ior__")
_OF_REQUEST = frozenset({"config", "session", "node", "_pyfuncitem", "raiseerror", "applymarker"})


def outside(tree: ast.Module, uses: Uses, stub: Stub, allow: frozenset[str]) -> str:
    """The first thing in a test module that is not for a test to do, with its line; "" where there is none."""
    bound = bindings(tree)
    for value, target in bound_to(tree):
        if isinstance(target, ast.Name) and chain(value, bound):
            bound[target.id] = chain(value, bound)
    package = stub.module.partition(".")[0]
    granted = allow | _MODULES | _FILE_CALLS | _NAMES | PATH_WRITES | {package}
    patches = [node for node in walked(tree) if isinstance(node, ast.Call) and is_patch(node.func, bound)]
    excused = frozenset(node.args[0] for node in patches if node.args)
    scan = Scan(uses=uses, allow=granted, local=own(tree), excused=excused)
    for thing, line in scan.effects(tree):
        return f"{thing}, line {line}"
    temporary = Temporary.of(tree, bound)
    for node in walked(tree):
        for thing in _of_node(node, bound, temporary, allow):
            return f"{thing}, line {getattr(node, 'lineno', 1)}"
    for loose in _uncalled(tree):
        if is_patch(loose, bound):
            return f"{ast.unparse(loose)} used as a value, line {loose.lineno}"
    forbidden = ((forbidden_patch(node, bound, uses, package), node) for node in patches)
    return next((f"patch of {name}, line {n.lineno}" for name, n in forbidden if name and name not in allow), "")


def _uncalled(tree: ast.Module) -> Iterator[ast.Name | ast.Attribute]:
    """What is read and neither called on the spot nor asked for an attribute."""
    nodes = walked(tree)
    at_once = {n.func for n in nodes if isinstance(n, ast.Call)} | {
        n.value for n in nodes if isinstance(n, ast.Attribute)
    }
    names = (n for n in nodes if isinstance(n, (ast.Name, ast.Attribute)) and isinstance(n.ctx, ast.Load))
    yield from (name for name in names if name not in at_once)


def _of_node(node: ast.AST, bound: dict[str, str], temporary: Temporary, allow: frozenset[str]) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom):
        yield from (found for a in node.names for found in _taken(f"{node.module}.{a.name}", allow))
    elif isinstance(node, ast.Attribute):
        yield from _taken(chain(node, bound), allow)
        if node.attr in _OF_REQUEST and isinstance(node.value, ast.Name) and node.value.id == "request":
            yield f"use of request.{node.attr}"
        if node.attr in _ENVIRONMENT and chain(node.value, bound) == "os.environ":
            yield f"os.environ.{node.attr}, which outlives the test; use monkeypatch"
    elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
        if chain(node.value, bound) == "os.environ":
            yield "assignment to os.environ, which outlives the test; use monkeypatch"
    elif isinstance(node, ast.Raise) and node.exc is not None:
        named = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        if isinstance(named, ast.Name) and named.id in {"SystemExit", "KeyboardInterrupt"}:
            yield f"raise of {named.id}"
    elif isinstance(node, ast.Call):
        touched = temporary.touched(node, _FILE_CALLS)
        if touched and touched not in allow:
            yield f"{touched} outside of tmp_path"


def _taken(name: str, allow: frozenset[str]) -> Iterator[str]:
    if name in allow:
        return
    if name in _REFUSED:
        yield f"use of {name}, which {_REFUSED[name]}"
    first, _, rest = name.partition(".")
    if first == "pytest" and rest and rest.partition(".")[0] not in _PYTEST:
        yield f"use of {name}"
