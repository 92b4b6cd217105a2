"""The search of a repair: best first over the moves of `_moves`, bounded by price, count, length and time."""

from __future__ import annotations

import ast
import heapq
import itertools
import textwrap
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from pytest_supercharger.clean._moves import moves
from pytest_supercharger.clean._odd import oddness, stray
from pytest_supercharger.clean._rows import Rows
from pytest_supercharger.clean._syntax import FunctionNode, parse, syntax_error

__all__ = ["Found", "Search", "fault"]

_MAX_COST = 8.0
_MAX_PARSES = 200
# Characters parsed in one search at most: what keeps a long answer from taking seconds.
_MAX_CHARACTERS = 400_000
# CPU seconds of one search at most, should a text be slow to parse; right answers take a few milliseconds.
_MAX_SECONDS = 0.15
_CHEAPEST = 0.5  # of all moves
# Two repairs whose prices differ by no more are equally small.
_EQUAL = 0.45


def fault(text: str) -> SyntaxError | None:
    """Return why `text` is no whole Python: what the parser says, or a statement outside of its function."""
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
class Found:
    """One repair: its price with what is odd about the result, and what was done."""

    total: float
    text: str
    edits: tuple[str, ...]


class Search:
    """One search: what is still to be tried, what was found, what may still be spent."""

    def __init__(self, text: str, limit: int) -> None:
        self.limit = limit
        self.numbers = itertools.count()
        self.heap: list[_State] = []
        self.seen: set[str] = set()
        self.found: dict[str, Found] = {}
        self.parses = min(_MAX_PARSES, max(10, _MAX_CHARACTERS // max(1, len(text))))
        self.until = time.thread_time() + _MAX_SECONDS
        self.slack = _EQUAL if limit > 1 else 0.0
        for cost, start, edits in _starts(text):
            self._push(cost, 0, start, edits)

    def run(self) -> list[Found]:
        """Return the best repairs, best first."""
        while self.heap and self.parses > 0 and time.thread_time() < self.until:
            state = heapq.heappop(self.heap)
            if state.cost > self._enough():
                break
            self.parses -= 1
            self._visit(state)
        ranked = sorted(self.found.values(), key=lambda found: found.total)[: self.limit]
        return [found for found in ranked if found.total <= ranked[0].total + self.slack]

    def _enough(self) -> float:
        """Return the cost above which nothing can be found that would be returned."""
        best = min((found.total for found in self.found.values()), default=_MAX_COST)
        return min(best + self.slack, _MAX_COST)

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
        found = Found(total=state.cost + odd + oddness(tree), text=state.text, edits=state.edits)
        try:
            meaning = ast.dump(tree)
        except RecursionError:
            meaning = state.text
        same = self.found.get(meaning)
        if same is None or found.total < same.total:
            self.found[meaning] = found

    def _push(self, cost: float, progress: int, text: str, edits: tuple[str, ...]) -> None:
        if text not in self.seen:
            self.seen.add(text)
            heapq.heappush(
                self.heap, _State(cost=cost, progress=progress, number=next(self.numbers), text=text, edits=edits)
            )


def _starts(text: str) -> Iterator[tuple[float, str, tuple[str, ...]]]:
    yield 0.0, text, ()
    dedented = textwrap.dedent(text)
    if dedented != text:
        yield 0.1, dedented, ("the common margin taken off",)
    lines = text.split("\n")
    if lines[0][:1].isspace() and len(lines) > 1:
        yield 0.2, "\n".join([lines[0].lstrip(), *lines[1:]]), ("line 1: the margin taken off",)
