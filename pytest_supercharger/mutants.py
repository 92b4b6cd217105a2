"""Mutants of a candidate: the same code with one small change each, to see whether a test would notice.

Few of them, spread over the lines and the kinds of change. They are generated code like any other: what is made here is
text, and whoever runs it puts it through the effect gate and into the sandbox.
"""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_supercharger import parsing
from pytest_supercharger.clean.candidate import as_function, compile_problem, made
from pytest_supercharger.mutations import RESULTS, Change, Scope, applied, changes
from pytest_supercharger.resulting import constants
from pytest_supercharger.scopes import parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from random import Random

    from pytest_supercharger.domain import Candidate, Stub

__all__ = ["MOST", "Mutant", "mutants_of"]

MOST = 8
ENOUGH = 4  # with so many, none that might run forever is needed
_RESULTS_FIRST = 2
_MOST_CHANGES = 400  # that are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A candidate with one change, and what was changed."""

    candidate: Candidate
    change: str
    line: int  # of the body, or of the helper


@dataclass(frozen=True, slots=True)
class _Part:
    """The body, or a helper, as a tree."""

    number: int  # 0: the body
    tree: ast.Module

    def text(self) -> str:
        if self.number:
            return ast.unparse(self.tree) + "\n"
        (function,) = self.tree.body
        assert isinstance(function, ast.AsyncFunctionDef), "the body is parsed as one function"
        return ast.unparse(ast.Module(body=function.body, type_ignores=[])) + "\n"


_Place = tuple[_Part, Change]


def mutants_of(
    candidate: Candidate, stub: Stub, *, seen: Sequence[str], known: Collection[str], rng: Random, limit: int = MOST
) -> tuple[Mutant, ...]:
    """At most `limit` mutants, no two alike and none that is the candidate or one of the `known` ids.

    `seen` are results of the candidate as text: a changed result is one of these where it can be.
    """
    try:
        return tuple(_mutants(candidate, stub, seen, known, rng, limit))
    except (SyntaxError, ValueError, RecursionError):
        return ()  # a text that Python cannot read, or write down, once more


def _mutants(
    candidate: Candidate, stub: Stub, seen: Sequence[str], known: Collection[str], rng: Random, limit: int
) -> Iterator[Mutant]:
    parts = _parts(candidate)
    found = [(part, change) for part in parts for change in _changes(part, stub, seen)]
    rng.shuffle(found)
    del found[_MOST_CHANGES:]
    taken = {candidate.id, *known}
    drawn: list[_Place] = []
    while found and len(drawn) < limit:
        rank = _rank(drawn)
        part, change = chosen = min(found, key=rank)
        found.remove(chosen)
        if change.endless and len(drawn) >= ENOUGH:
            return  # only such ones are left
        mutant = _mutant(candidate, part, change)
        if mutant.id not in taken and not compile_problem(mutant.body, mutant.helpers, stub):
            taken.add(mutant.id)
            drawn.append(chosen)
            yield Mutant(candidate=mutant, change=change.name, line=change.line)


def _parts(candidate: Candidate) -> list[_Part]:
    body = parsing.module(as_function(candidate.body))
    ast.increment_lineno(body, -1)
    return [_Part(0, body), *(_Part(i, parsing.module(helper)) for i, helper in enumerate(candidate.helpers, 1))]


def _changes(part: _Part, stub: Stub, seen: Sequence[str]) -> Iterator[Change]:
    if part.number:
        yield from changes(part.tree, Scope())
        return
    (function,) = part.tree.body
    assert isinstance(function, ast.AsyncFunctionDef), "the body is parsed as one function"
    scope = Scope(parameters=parameters(stub), results=constants(stub, function.body, seen))
    yield from changes(ast.Module(body=function.body, type_ignores=[]), scope)


def _rank(drawn: Sequence[_Place]) -> Callable[[_Place], tuple[bool, bool, int]]:
    """Constant results first, which any test of a value notices; else what is least like those drawn already.

    What may run forever comes last.
    """
    kinds = Counter(change.name for _, change in drawn)
    lines = Counter((part.number, change.line) for part, change in drawn)
    telling = RESULTS if sum(kinds[name] for name in RESULTS) < _RESULTS_FIRST else ()

    def rank(place: _Place) -> tuple[bool, bool, int]:
        part, change = place
        alike = kinds[change.name] + lines[part.number, change.line]
        return change.endless, change.name not in telling, alike

    return rank


def _mutant(candidate: Candidate, part: _Part, change: Change) -> Candidate:
    with applied(change):
        text = part.text()
    body = candidate.body if part.number else text
    helpers = tuple(text if i == part.number else helper for i, helper in enumerate(candidate.helpers, 1))
    return made(body, candidate.imports, helpers)
