"""The smallest edit that makes broken Python parse: a bounded best-first search over the moves of `_moves`."""

from __future__ import annotations

import ast
import heapq
import itertools
import textwrap
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from pytest_supercharger.clean._ending import looks_cut_off
from pytest_supercharger.clean._moves import moves
from pytest_supercharger.clean._odd import oddness, stray
from pytest_supercharger.clean._rows import Rows
from pytest_supercharger.clean._syntax import MAX_SOURCE, FunctionNode, parse, syntax_error

__all__ = ["Repaired", "cut_tail", "repair"]

_MAX_COST = 8.0
_MAX_PARSES = 200
# Characters parsed in one search at most: what keeps a long answer from taking seconds.
_MAX_CHARACTERS = 400_000
# CPU seconds of one search at most, should a text be slow to parse.
_MAX_SECONDS = 0.15
_CHEAPEST = 0.5  # of all moves
# Two repairs whose prices differ by no more are equally small.
_EQUAL = 0.45


class Repaired(tuple[str, ...]):
    """The texts, best first, that are equally small repairs and mean different things.

    The first is the source itself where it parses, and where nothing repairs it. `cut_off` tells that the source looks
    like the beginning of a longer text; `edits` says for each text what was done to it.
    """

    cut_off: bool
    edits: tuple[tuple[str, ...], ...]

    @classmethod
    def of(
        cls, texts: Iterator[str] | tuple[str, ...], *, cut_off: bool, edits: tuple[tuple[str, ...], ...]
    ) -> Repaired:
        """Make one of its parts."""
        made = cls(texts)
        made.cut_off, made.edits = cut_off, edits
        return made


def repair(text: str, *, limit: int = 3, ended: bool = False) -> Repaired:
    """Return at most `limit` repairs of `text`.

    What looks cut off comes back as it is, unless the caller knows that the text has `ended`.
    """
    if len(text) > MAX_SOURCE:
        return Repaired.of((text,), cut_off=False, edits=((),))
    error = _fault(text)
    if error is None:
        return Repaired.of((text,), cut_off=False, edits=((),))
    cut_off = looks_cut_off(Rows(text), error)
    found = [] if cut_off and not ended else _Search(text, limit).run()
    if not found:
        return Repaired.of((text,), cut_off=cut_off, edits=((),))
    return Repaired.of(tuple(f.text for f in found), cut_off=cut_off, edits=tuple(f.edits for f in found))


def _fault(text: str) -> SyntaxError | None:
    error = syntax_error(text)
    if error is not None:
        return error
    tree = parse(text)
    row = stray(tree) if tree is not None else 0
    # Without a function above it is the body of one, which is for others to put under its header.
    if row and tree is not None and any(isinstance(n, FunctionNode) and n.lineno < row for n in tree.body):
        return _strayed(row)
    return None


def _strayed(row: int) -> SyntaxError:
    # `ast.parse` takes it, the compiler would not: worded so that the moves for indentation apply.
    return IndentationError("return outside function", ("<answer>", row, 1, ""))


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class _State:
    cost: float
    progress: int  # among equal costs the one that got furthest down the text goes first
    number: int
    text: str = field(compare=False)
    edits: tuple[str, ...] = field(compare=False, default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    total: float
    text: str
    edits: tuple[str, ...]


class _Search:
    """One search: what is still to be tried, what was found, what may still be spent."""

    def __init__(self, text: str, limit: int) -> None:
        self.limit = limit
        self.numbers = itertools.count()
        self.heap: list[_State] = []
        self.seen: set[str] = set()
        self.found: dict[str, _Found] = {}
        self.parses = min(_MAX_PARSES, max(10, _MAX_CHARACTERS // max(1, len(text))))
        self.until = time.thread_time() + _MAX_SECONDS
        for cost, start in _starts(text):
            self._push(cost, 0, start, ())

    def run(self) -> list[_Found]:
        """Return the best repairs, best first."""
        while self.heap and self.parses > 0 and time.thread_time() < self.until:
            state = heapq.heappop(self.heap)
            if state.cost > self._enough():
                break
            self.parses -= 1
            self._visit(state)
        ranked = sorted(self.found.values(), key=lambda found: found.total)[: self.limit]
        return [found for found in ranked if found.total <= ranked[0].total + _EQUAL]

    def _enough(self) -> float:
        """Return the cost above which nothing can be found that would be returned."""
        best = min((found.total for found in self.found.values()), default=_MAX_COST)
        return min(best + _EQUAL, _MAX_COST)

    def _visit(self, state: _State) -> None:
        error = syntax_error(state.text)
        if error is None:
            tree = parse(state.text)
            if tree is None or not tree.body:  # an empty file parses too; it repairs nothing
                return
            row = stray(tree)
            self._keep(state, tree, 2.0 if row else 0.0)
            if not row:
                return
            error = _strayed(row)
        if state.cost + _CHEAPEST > self._enough():
            return
        rows = Rows(state.text)
        for move in moves(rows, error):
            cost = state.cost + move.price
            if time.thread_time() > self.until:
                return
            if cost <= self._enough():
                self._push(cost, -(error.lineno or 0), move.applied(rows), (*state.edits, move.note))

    def _keep(self, state: _State, tree: ast.Module, odd: float) -> None:
        found = _Found(total=state.cost + odd + oddness(tree), text=state.text, edits=state.edits)
        same = self.found.get(key := ast.dump(tree))
        if same is None or found.total < same.total:
            self.found[key] = found

    def _push(self, cost: float, progress: int, text: str, edits: tuple[str, ...]) -> None:
        if text not in self.seen:
            self.seen.add(text)
            heapq.heappush(
                self.heap, _State(cost=cost, progress=progress, number=next(self.numbers), text=text, edits=edits)
            )


def _starts(text: str) -> Iterator[tuple[float, str]]:
    yield 0.0, text
    dedented = textwrap.dedent(text)
    if dedented != text:
        yield 0.1, dedented
    lines = text.split("\n")
    if lines[0][:1].isspace() and len(lines) > 1:  # only the header was indented
        yield 0.2, "\n".join([lines[0].lstrip(), *lines[1:]])


def cut_tail(source: str) -> str:
    """Return the longest run of whole lines from the top that parses; for tests only.

    A test that lost its last statement still says something true; a function that did is another function.
    """
    if parse(source) is not None:
        return source
    lines = source.split("\n")[:2000]
    error = syntax_error(source)
    # Everything above the line of the error lexes; the search starts there and walks up.
    end = min(len(lines), error.lineno) if error is not None and error.lineno else len(lines)
    for keep in itertools.islice(range(end, 0, -1), 200):
        text = "\n".join(lines[:keep])
        if text.strip() and parse(text) is not None:
            return text + "\n"
    return ""
