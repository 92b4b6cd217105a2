"""The smallest edit that makes broken Python parse: a bounded best-first search over the moves of `_moves`."""

from __future__ import annotations

import ast
import heapq
import itertools
import textwrap
from typing import TYPE_CHECKING

from pytest_supercharger.clean._moves import moves
from pytest_supercharger.clean._syntax import MAX_SOURCE, FunctionNode, parse, syntax_error

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Repaired", "cut_tail", "repair"]

_MAX_COST = 8.0
_MAX_PARSES = 200
# Characters parsed in one search at most: what keeps a long answer from taking seconds.
_MAX_CHARACTERS = 1_000_000


class Repaired(tuple[str, ...]):
    """The texts, best first, that are equally small repairs and mean different things.

    The first is the source itself where it parses, and where nothing repairs it. `cut_off` tells that the source looks
    like the beginning of a longer text.
    """

    cut_off: bool = False


def repair(text: str, *, limit: int = 3, ended: bool = False) -> Repaired:
    """Return at most `limit` repairs of `text`; the search always ends: it parses at most 200 texts.

    What looks cut off comes back as it is, unless the caller knows that the text has `ended`.
    """
    if len(text) > MAX_SOURCE or syntax_error(text) is None:
        return Repaired((text,))
    return Repaired(itertools.islice(_search(text), limit)) or Repaired((text,))


def _search(source: str) -> Iterator[str]:
    counter = itertools.count()
    heap: list[tuple[float, int, int, str]] = []
    seen: set[str] = set()
    found: dict[str, float] = {}  # tree -> cost
    budget = min(_MAX_PARSES, max(10, _MAX_CHARACTERS // max(1, len(source))))
    for cost, text in _starts(source):
        if text not in seen:
            seen.add(text)
            heapq.heappush(heap, (cost, 0, next(counter), text))
    last_resort = None
    while heap and budget > 0:
        cost, _, _, text = heapq.heappop(heap)
        if found and cost > min(found.values()) + 0.05:
            return
        budget -= 1
        error = syntax_error(text)
        if error is None:
            tree = parse(text)
            if not text.strip() or tree is None:  # an empty file parses too; it repairs nothing
                continue
            if not _strays(text):
                if ast.dump(tree) not in found:
                    found[ast.dump(tree)] = cost
                    yield text
                continue
            last_resort = last_resort or text
            # The header of the function stands above: its body slid out, and the next line is where.
            error = _strayed(text)
        for step, changed in moves(text, error):
            if changed not in seen and cost + step <= _MAX_COST:
                seen.add(changed)
                # Among equal costs the one that got furthest down the text goes first.
                heapq.heappush(heap, (cost + step, -(error.lineno or 0), next(counter), changed))
    if not found and last_resort is not None:
        yield last_resort


def _strays(text: str) -> int:
    """Return the first line of a `return` or `yield` outside of any function, 0 when there is none."""
    tree = parse(text)
    stack: list[ast.AST] = [tree] if tree is not None else []
    rows: list[int] = []
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Return | ast.Yield | ast.YieldFrom):
            rows.append(node.lineno)
        if not isinstance(node, FunctionNode | ast.Lambda):
            stack.extend(ast.iter_child_nodes(node))
    return min(rows, default=0)


def _strayed(text: str) -> SyntaxError:
    # `ast.parse` takes it, the compiler would not: worded so that the moves for indentation apply.
    return IndentationError("return outside function", ("<answer>", _strays(text), 1, ""))


def _starts(source: str) -> Iterator[tuple[float, str]]:
    yield 0.0, source
    dedented = textwrap.dedent(source)
    if dedented != source:
        yield 0.1, dedented
    lines = source.split("\n")
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
    for keep in itertools.islice(range(end, 0, -1), _MAX_PARSES):
        text = "\n".join(lines[:keep])
        if text.strip() and parse(text) is not None:
            return text + "\n"
    return ""
