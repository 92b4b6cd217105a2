"""Candidates of one file that bring different things under one name: the later one's gets another name."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_supercharger import parsing, scopes
from pytest_supercharger.writeback.harmless import is_harmless
from pytest_supercharger.writeback.names import bindings, meaning
from pytest_supercharger.writeback.renaming import renamed

if TYPE_CHECKING:
    from pytest_supercharger.domain import Candidate, Stub

__all__ = ["kept_apart"]

Filling = tuple["Stub", "Candidate"]

_BUILTINS = frozenset(dir(builtins))
_WORD = re.compile(r"[^\W\d]\w*")


def kept_apart(text: str, fillings: Sequence[Filling]) -> list[Filling]:
    """Return the fillings of a file in its order, each with names for its imports and helpers that no other one has.

    The first in the file keeps its names, and what two bring alike they share. The result depends on nothing but the
    candidates. Where a name cannot be replaced the candidate stays as it is, and is refused when it is filled in.
    """
    ordered = sorted(fillings, key=lambda filling: filling[0].line)
    if sum(bool(candidate.helpers or candidate.imports) for _, candidate in ordered) == 0 or len(ordered) < 2:
        return ordered
    texts = [text, *(part for _, candidate in ordered for part in _parts(candidate))]
    taken = {word for part in texts for word in _WORD.findall(part)} | _BUILTINS
    there = set(bindings(parsing.module(text).body))  # what these hide is hidden already
    known: dict[str, str] = {}  # name -> what it stands for
    found: list[Filling] = []
    for stub, candidate in ordered:
        meant = {
            name for _, other in ordered if other is not candidate for name in _builtins(other) if name not in there
        }
        new = _apart(stub, candidate, known, meant, taken)
        for name, thing in _brought(new).items():
            known.setdefault(name, thing)
        found.append((stub, new))
    return found


def _apart(stub: Stub, candidate: Candidate, known: Mapping[str, str], meant: set[str], taken: set[str]) -> Candidate:
    """The candidate with other names for what stands for something else already, or for a built-in elsewhere."""
    while True:
        brought = _brought(candidate)
        clashing = [name for name, thing in brought.items() if known.get(name, thing) != thing or name in meant]
        if not clashing:
            return candidate
        names = {name: _fresh(name, taken) for name in sorted(clashing)}
        new = _renamed(stub, candidate, names)
        if new is None:
            return candidate
        # What uses a renamed helper is another thing now than the same text in another candidate.
        candidate = new


def _renamed(stub: Stub, candidate: Candidate, names: Mapping[str, str]) -> Candidate | None:
    # In a class `__name` is something else.
    if any(name.startswith("__") for name in names) or not is_harmless(candidate, names):
        return None
    imports = [_import(code, names) for code in candidate.imports]
    helpers = [renamed(code, names) for code in candidate.helpers]
    body = renamed(candidate.body, names, parameters=scopes.parameters(stub))
    if body is None or None in imports or None in helpers:
        return None
    return replace(
        candidate, body=body, imports=tuple(filter(None, imports)), helpers=tuple(code for code in helpers if code)
    )


def _import(code: str, names: Mapping[str, str]) -> str | None:
    """The import under the new name; None for `import a.b`, which binds `a` and brings more than that."""
    tree = parsing.module(code)
    changed = False
    for node in tree.body:
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        for alias in node.names:
            name = meaning(node, alias)[0]
            if name in names:
                if "." in alias.name and not alias.asname and isinstance(node, ast.Import):
                    return None
                alias.asname, changed = names[name], True
    return ast.unparse(tree) if changed else code


def _brought(candidate: Candidate) -> dict[str, str]:
    """What each name of a candidate's imports and helpers stands for, in words that can be compared."""
    found: dict[str, str] = {}
    for code in candidate.imports:
        for node in parsing.module(code).body:
            if isinstance(node, ast.Import | ast.ImportFrom) and getattr(node, "module", "") != "__future__":
                found |= dict(meaning(node, alias) for alias in node.names)
    for code in candidate.helpers:
        for node in parsing.module(code).body:
            for name in dict.fromkeys(bindings([node])):
                found[name] = f"{found.get(name, '')}\n{ast.dump(node)}"
    return found


def _builtins(candidate: Candidate) -> Iterator[str]:
    """Names of built-ins that a candidate reads and does not bring itself."""
    own = _brought(candidate)
    for code in (candidate.body, *candidate.helpers):
        nodes = parsing.walked(parsing.module(code))
        yield from (n.id for n in nodes if isinstance(n, ast.Name) and n.id in _BUILTINS and n.id not in own)


def _fresh(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    taken.add(f"{name}_{number}")
    return f"{name}_{number}"


def _parts(candidate: Candidate) -> tuple[str, ...]:
    return (candidate.body, *candidate.helpers, *candidate.imports)
