"""The user's module around a stub: its tree and its names, worked out once for all answers."""

from __future__ import annotations

import ast
import functools
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pytest_supercharger import parsing
from pytest_supercharger.clean._names import module_names

__all__ = ["Surroundings", "surroundings"]


# What makes module-level names that no text shows.
_MAKES_NAMES = frozenset({"globals", "_convert_", "__getattr__"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """A module that is only read."""

    tree: ast.Module
    names: Mapping[str, str]  # name -> the import statement that binds it, "" for anything else
    words: frozenset[str]  # everything that is called something, attributes too


@functools.lru_cache(maxsize=8)
def surroundings(module_text: str) -> Surroundings:
    """Return what the module gives, however long it is; nothing where it does not parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = parsing.module(module_text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = ast.Module(body=[], type_ignores=[])
    names, words = module_names(tree), frozenset(_words(tree))
    if words & _MAKES_NAMES:
        names["*"] = ""  # as after a star import: nobody can say from the text which names there are
    return Surroundings(tree=tree, names=names, words=words)


def _words(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
