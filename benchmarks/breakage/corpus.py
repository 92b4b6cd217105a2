"""Whole functions to break: those of a folder of Python files, the standard library's by default."""

from __future__ import annotations

import ast
import random
import sysconfig
import textwrap
import warnings
from collections.abc import Iterator
from pathlib import Path

__all__ = ["functions", "standard_library"]

_LINES = range(5, 41)


def standard_library() -> Path:
    """Where the running Python has its own modules."""
    return Path(sysconfig.get_paths()["stdlib"])


def functions(folder: Path, chance: random.Random) -> list[tuple[str, str]]:
    """Names and texts of all functions of 5 to 40 lines without decorators, shuffled; each text parses on its own."""
    found = [pair for path in sorted(folder.rglob("*.py")) if _wanted(path, folder) for pair in _in(path)]
    unique = list(dict.fromkeys(found))
    chance.shuffle(unique)
    return unique


def _wanted(path: Path, folder: Path) -> bool:
    parts = path.relative_to(folder).parts
    return not {"site-packages", "dist-packages", "lib2to3", "idlelib", "test", "tests"} & set(parts)


def _in(path: Path) -> Iterator[tuple[str, str]]:
    tree, text = _tree(path)
    lines = text.split("\n")
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef) or node.decorator_list:
            continue
        if (node.end_lineno or node.lineno) - node.lineno + 1 not in _LINES:
            continue
        source = textwrap.dedent("\n".join(lines[node.lineno - 1 : node.end_lineno])) + "\n"
        if parses(source):
            yield node.name, source


def _tree(path: Path) -> tuple[ast.Module, str]:
    try:
        text = path.read_text(encoding="utf-8").replace("\f", "")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text), text
    except (OSError, SyntaxError, ValueError):  # test data of the library is broken on purpose
        return ast.Module(body=[], type_ignores=[]), ""


def parses(source: str) -> bool:
    """Tell whether Python takes the text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return True
