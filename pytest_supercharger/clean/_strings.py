"""Moves for quotes: the one that was lost comes back where the text on both sides of it makes sense."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from string import ascii_letters

from pytest_supercharger.clean._lexical import CLOSERS, OPENERS, Scanner, Token, tokens
from pytest_supercharger.clean._move import Fault, Move, replaced
from pytest_supercharger.clean._rows import Rows

__all__ = ["pairs_of_quotes", "strings"]

_BINARY = frozenset({"+", "-", "*", "/", "%"})
_MAX_PLACES = 16
_MAX_LINE = 200  # characters; every place in a longer one would take too long


def strings(rows: Rows, fault: Fault) -> Iterator[Move]:
    """Yield the moves that add a quote around the fault."""
    row = next((r for r in range(len(rows.lines)) if rows.open_at[r] >= 0), None)
    if row is not None:
        yield from _single(rows, row)
    if "triple-quoted" in fault.message or rows.in_string:
        yield from _triple(rows, fault)


def _single(rows: Rows, row: int) -> Iterator[Move]:
    line, start = rows.lines[row], rows.code_at[row]
    if len(line) > _MAX_LINE:
        return
    quote = line[rows.open_at[row]]
    statement = any(logical.first == logical.last == row for logical in rows.logical) and line.lstrip()[:1] != quote
    found: dict[str, float] = {}
    for at in _boundaries(line, start):
        changed = line[:at] + quote + line[at:]
        if changed not in found and Scanner().feed(changed[start:]).open_at < 0:
            found[changed] = _oddness(tokens(changed, start), statement)
    for changed in sorted(found, key=found.__getitem__)[:_MAX_PLACES]:
        yield replaced(row, changed, 1.0 + found[changed], f"{quote} added")


def _boundaries(line: str, start: int) -> list[int]:
    """Return the columns where a string may begin or end: between a word and something else, or behind its prefix."""
    first = max(start, len(line) - len(line.lstrip()))
    edges = {at for at in range(first, len(line)) if not (_word(line, at - 1) and _word(line, at))}
    prefixes = {match.end() for match in re.finditer(r"\b(?:rb|br?|f|r)(?=\w)", line[first:])}
    return sorted(edges | {first + at for at in prefixes} | {len(line)})


def _word(line: str, at: int) -> bool:
    return at >= 0 and (line[at].isalnum() or line[at] == "_")


def _oddness(found: list[Token], statement: bool) -> float:
    """Return how odd the strings in a line are, 0 when each stands and reads as strings do."""
    odd = 0.3 * (statement and len(found) == 1)
    for at, token in enumerate(found):
        if token.kind == "string":
            prefix = token.text[: len(token.text) - len(token.text.lstrip(ascii_letters))]
            content = token.text[len(prefix) :].strip("'\"")
            odd += _content(content, prefix)
            odd += _behind(found[at - 1], token, content) if at else 0.0
            odd += _ahead(token, found[at + 1 :])
    return odd


def _behind(before: Token, token: Token, content: str) -> float:
    """Return how odd it is that the string stands behind this."""
    if _operand(before, ending=True):
        return 0.5
    if before.end != token.start or before.text in OPENERS:
        return 0.0
    return 0.2 * (before.text not in {"=", ":", "%"} or content.startswith(" "))


def _ahead(token: Token, after: list[Token]) -> float:
    """Return how odd it is that this follows the string."""
    first, second = (*after, None, None)[:2]
    if first is None:
        return 0.0
    touches = token.end == first.start
    if first.text == "." and second is not None:
        return 0.4 * (not hasattr(str, second.text))
    if first.text in {"(", "{"} or _operand(first, ending=False):
        return 0.5
    if first.kind == "name":
        return 0.3 * (first.text in {"is", "not"}) + 0.3 * touches
    if first.text in _BINARY:
        if first.text == "%" and second is not None and second.start == first.end and len(second.text) == 1:
            return 0.3  # the end of a format: '%d' % x
        lopsided = second is not None and (first.end == second.start) != touches
        return 0.2 * lopsided + 0.1 * (touches and first.text != "%")
    return 0.2 * (first.text == "=")


def _content(content: str, prefix: str) -> float:
    """Return how much the content of a string looks like code: between two strings, or on either side of one."""
    odd = 0.06 if prefix and not ("f" in prefix and "{" in content) else 0.0
    odd += 0.08 * (not content)
    if len(content) > 1:
        odd += 0.25 * bool(re.match(r"\s*[,)\]}:=]|\s*[+%]\s|\.\w+\(", content))
        odd += 0.25 * bool(re.search(r"[,(\[{=]\s*$|\s[+%]\s*$", content))
    if any(content.count(opener) != content.count(closer) for opener, closer in OPENERS.items()):
        odd += 0.2
    odd += 0.1 * bool(re.search(r",\s?(?:self\b|\*{1,2}\w|\w+=)|\w\(|\) \w+ |\w\.\w+\(", content))
    odd += 0.1 * bool(re.search(r" [=!]?= |==| [-+*/%] |\w=\w", content))
    odd += 0.15 * bool(re.match(r"\w+[.\[]\w+\]?, |f\W*\w*\{|f[A-Z][^{]*\{\w", content))
    odd += 0.1 * bool(re.match(r"(?:[bru]|rb|br)(?:\\|$)", content))
    return odd + 0.05 * bool(re.search(r", \w+$", content))


def _operand(token: Token, *, ending: bool) -> bool:
    if token.kind == "name":
        return not keyword.iskeyword(token.text) or token.text in {"None", "True", "False"}
    return token.kind in {"string", "number"} or token.text in (CLOSERS if ending else ())


def _triple(rows: Rows, fault: Fault) -> Iterator[Move]:
    for row, at in pairs_of_quotes(rows):
        line = rows.lines[row]
        far = min(abs(row - fault.row) / 500, 0.3)
        yield replaced(row, line[:at] + line[at - 1] + line[at:], 1.0 + far, f"{line[at - 1]} added")


def pairs_of_quotes(rows: Rows) -> Iterator[tuple[int, int]]:
    """Yield row and end of two quotes that begin or end a row, where three may have stood."""
    for row, line in enumerate(rows.lines):
        for match in re.finditer(r"(?<!['\"\\])(?:''|\"\")(?!['\"])", line):
            if not line[: match.start()].strip(" \trRbBuUfF") or not line[match.end() :].strip():
                yield row, match.end()
