"""Which of several definitions of one name a stub is, counted as the host counts them (`occurrences.py` there)."""

from __future__ import annotations

import ast
import functools
import linecache
import re
from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["identify", "numbered"]

Function = ast.FunctionDef | ast.AsyncFunctionDef


def identify(function: Any, stub_id: str) -> str:
    """The id of a stub: `module:qualname`, and "#2" behind it where the function is the second of that name."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    code = getattr(function, "__code__", None)
    return stub_id if code is None else numbered(stub_id, code.co_filename, code.co_firstlineno)


def numbered(stub_id: str, path: str, line: int) -> str:
    """The id of the stub whose code begins in this line of a file."""
    qualname = stub_id.partition(":")[2]
    # Of an overlay these are the lines in memory.
    text = "".join(linecache.getlines(path))
    # Few files have several of a name; only these are worth a parse in each fork.
    if len(re.findall(rf"\bdef\b\W+{re.escape(qualname.rpartition('.')[2])}\b", text)) < 2:
        return stub_id
    lines = [found for name, found in _places(text) if name == qualname]
    return f"{stub_id}#{lines.index(line) + 1}" if line in lines[1:] else stub_id


@functools.lru_cache(maxsize=64)
def _places(text: str) -> tuple[tuple[str, int], ...]:
    try:
        return tuple(_functions(ast.parse(text).body))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()


def _functions(nodes: Iterable[ast.AST], prefix: str = "") -> Iterator[tuple[str, int]]:
    for node in nodes:
        if isinstance(node, Function):
            if not any(map(_is_overload, node.decorator_list)):
                yield prefix + node.name, min([node.lineno, *(item.lineno for item in node.decorator_list)])
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{prefix}{node.name}.")
        elif not isinstance(node, ast.expr):
            yield from _functions(ast.iter_child_nodes(node), prefix)


def _is_overload(decorator: ast.expr) -> bool:
    return (decorator.attr if isinstance(decorator, ast.Attribute) else getattr(decorator, "id", "")) == "overload"
