"""The search of a repair: best first over the moves of `_moves`, bounded by price, count, length and time."""

from __future__ import annotations

import ast
import heapq
import itertools
import re
import textwrap
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from pytest_supercharger.clean._moves import moves
from pytest_supercharger.clean._odd import loose, oddness, stray
from pytest_supercharger.clean._rows import Rows
from pytest_supercharger.clean._syntax import FunctionNode, parsed

__all__ = ["Found", "Search", "fault"]

_MAX_COST = 20.0
_MAX_PARSES = 120
# Characters parsed in one search at most: what keeps a long answer from taking seconds.
_MAX_CHARACTERS = 100_000
_MIN_PARSES = 8
# CPU seconds of a search; counts end nearly all of them before, so that an answer is repaired alike on every machine.
_MAX_SECONDS = 0.17
_HARD_STOP = 0.8  # seconds by the clock
_DEFINES = re.compile(r"(?:async\s+def|def|class|import|from)\b|@|[)\]}]")
_SLID = 0.4  # the oddness of a statement that left the definition it stood in
_CHEAPEST = 0.5  # of all moves
# What an error left behind is worth: of a text with several, each is mended before its other mendings are tried.
_SETTLED = 0.9
# Two repairs whose prices differ by no more are equally small.
_EQUAL = 0.45


def fault(text: str) -> SyntaxError | None:
    """Return why `text` is no whole Python: what the parser says, or a statement outside of its function."""
    tree = parsed(text)
    if isinstance(tree, SyntaxError):
        return tree
    row = stray(tree)
    # Without a function above it is the body of one, which is for others to put under its header.
    if row and any(isinstance(n, FunctionNode) and n.lineno < row for n in tree.body):
        return _strayed(row)
    return None


def _strayed(row: int) -> SyntaxError:
    # `ast.parse` takes it, the compiler would not: worded so that the moves for indentation apply.
    return IndentationError("return outside function", ("<answer>", row, 1, ""))


class _State(NamedTuple):
    rank: float  # the cost, less what the errors that were left behind are worth
    number: int
    cost: float
    text: str
    edits: tuple[str, ...]
    settled: int  # errors left behind
    before: SyntaxError | None  # what the last edit was to mend


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
        self.parses = min(_MAX_PARSES, max(_MIN_PARSES, _MAX_CHARACTERS // max(1, len(text))))
        self.began, self.began_cpu = time.monotonic(), time.thread_time()
        rows = Rows(text)
        lines = rows.lines
        # What stood in column 0 before may stand there after.
        self.loose = sum(line.width == 0 and not _DEFINES.match(lines[line.first]) for line in rows.logical)
        self.slack = _EQUAL if limit > 1 else 0.0
        for cost, start, edits in _starts(text):
            self._push(cost, start, edits)

    def run(self) -> list[Found]:
        """Return the best repairs, best first."""
        while self.heap and self.parses > 0 and not self._spent():
            state = heapq.heappop(self.heap)
            if state.cost <= self._enough():
                self.parses -= 1
                self._visit(state)
        ranked = sorted(self.found.values(), key=lambda found: found.total)[: self.limit]
        return [found for found in ranked if found.total <= ranked[0].total + self.slack]

    def _spent(self) -> bool:
        seconds = time.monotonic() - self.began
        # On a busy machine the clock runs on while nothing is done.
        busy = seconds > _MAX_SECONDS and time.thread_time() - self.began_cpu > _MAX_SECONDS
        return busy or seconds > _HARD_STOP

    def _enough(self) -> float:
        """Return the cost above which nothing can be found that would be returned."""
        best = min((found.total for found in self.found.values()), default=_MAX_COST)
        return min(best + self.slack, _MAX_COST)

    def _visit(self, state: _State) -> None:
        found = parsed(state.text)
        if isinstance(found, ast.Module):
            if not found.body:  # an empty file parses too; it repairs nothing
                return
            row = stray(found)
            self._keep(state, found, 2.0 if row else 0.0)
            if not row:
                return
            found = _strayed(row)
        if state.cost + _CHEAPEST > self._enough():
            return
        settled = state.settled + _behind(state.before, found)
        rows = Rows(state.text)
        for move in moves(rows, found):
            cost = state.cost + move.price
            if self._spent():
                return
            if cost <= self._enough():
                self._push(cost, move.applied(rows), (*state.edits, move.note), settled, found)

    def _keep(self, state: _State, tree: ast.Module, odd: float) -> None:
        odd += oddness(tree) + _SLID * (loose(tree) > self.loose)
        found = Found(total=state.cost + odd, text=state.text, edits=state.edits)
        try:
            meaning = ast.dump(tree)
        except RecursionError:
            meaning = state.text
        same = self.found.get(meaning)
        if same is None or found.total < same.total:
            self.found[meaning] = found

    def _push(
        self,
        cost: float,
        text: str,
        edits: tuple[str, ...],
        settled: int = 0,
        before: SyntaxError | None = None,
    ) -> None:
        if text not in self.seen:
            self.seen.add(text)
            rank = cost - _SETTLED * settled
            heapq.heappush(self.heap, _State(rank, next(self.numbers), cost, text, edits, settled, before))


def _behind(before: SyntaxError | None, now: SyntaxError) -> bool:
    """Tell whether the parser got to another line than the one it had stopped in."""
    return before is not None and (now.lineno or 0) > (before.lineno or 0)


def _starts(text: str) -> Iterator[tuple[float, str, tuple[str, ...]]]:
    yield 0.0, text, ()
    dedented = textwrap.dedent(text)
    if dedented != text:
        yield 0.1, dedented, ("the common margin taken off",)
    lines = text.split("\n")
    if lines[0][:1].isspace() and len(lines) > 1:
        yield 0.2, "\n".join([lines[0].lstrip(), *lines[1:]]), ("line 1: the margin taken off",)
