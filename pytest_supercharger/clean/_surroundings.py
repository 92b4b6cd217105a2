"""The user's module around a stub: its tree and its names, worked out once for all answers."""

from __future__ import annotations

import ast
import functools
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

from pytest_supercharger import parsing
from pytest_supercharger.clean._names import module_names
from pytest_supercharger.declared import Uses

__all__ = ["Surroundings", "surroundings"]


# What makes module-level names that no text shows.
_MAKES_NAMES = re.compile(r"\bglobals\(|\._convert_\(|^def __getattr__\b", re.M)
_MEMBER = re.compile(
    r"(?:\.[ \t]*|\bdef[ \t]+|\bclass[ \t]+)([^\W\d]\w*)|^[ \t]*([^\W\d]\w*)[ \t]*(?::[^=\n]*)?=", re.M
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """A module that is only read."""

    tree: ast.Module
    names: Mapping[str, str]  # name -> the import statement that binds it, "" for anything else
    members: frozenset[str]  # what its objects have, or seem to
    uses: Uses  # what it does already


@functools.lru_cache(maxsize=8)
def surroundings(module_text: str) -> Surroundings:
    """Return what the module gives, however long it is; nothing where it does not parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = parsing.module(module_text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = ast.Module(body=[], type_ignores=[])
    names = module_names(tree)
    if _MAKES_NAMES.search(module_text):
        names["*"] = ""  # as after a star import: nobody can say from the text which names there are
    # By the text: a walk over a large tree takes longer than all of cleaning.
    members = frozenset(name for found in _MEMBER.findall(module_text) for name in found)
    return Surroundings(tree=tree, names=names, members=members, uses=Uses.of_tree(tree))
