"""The shipped tasks: each function of `shipped` marked `cases` is a task, and its body the reference."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from pathlib import Path

from pytest_supercharger import parsing
from pytest_supercharger.calibrating.tasks import BODY, MARKER, Task, checked, module_of

__all__ = ["read", "shipped"]

_FOLDER = Path(__file__).with_name("shipped")
_EXCEPTION = re.compile(r"\b[A-Z]\w*Error\b")


def shipped() -> tuple[Task, ...]:
    """All of them, the easy ones first."""
    files = sorted(path for path in _FOLDER.glob("*.py") if path.stem != "__init__")
    return tuple(task for path in files for task in read(path.read_text(encoding="utf-8"), path.stem.split("_")[0]))


def read(source: str, group: str) -> Iterator[Task]:
    """The tasks of one file, by its text: nothing of it is run here."""
    lines = source.splitlines(keepends=True)
    tree = parsing.module(source)
    imports = "".join(
        f"{ast.unparse(node)}\n"
        for node in tree.body
        if isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and node.module == "__future__")
    )
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield checked(_task(node, lines, imports, f"{group}/{node.name}"))


def _task(node: ast.FunctionDef, lines: list[str], imports: str, name: str) -> Task:
    (mark,) = node.decorator_list
    documented = node.body[0]
    assert isinstance(mark, ast.Call), "a task is marked with its inputs"
    header = "".join(lines[node.lineno - 1 : documented.end_lineno])
    body = "".join(lines[documented.end_lineno or 0 : node.end_lineno])
    known = dict.fromkeys(_EXCEPTION.findall(ast.get_docstring(node) or ""))
    return Task(
        id=name,
        group=name.partition("/")[0],
        module=module_of(name),
        name=node.name,
        source=f"{MARKER}\n\n@supercharge\n{header}{BODY}",
        reference=f"{imports}\n\n{header}{body}",
        contract="",
        inputs=tuple(list(ast.literal_eval(given)) for given in mark.args),
        atol=1e-6,
        view="lambda got, *_: got",
        raises=tuple(found for found in known if hasattr(builtins, found)),
    )
