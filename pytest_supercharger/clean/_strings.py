"""Moves for quotes: the one that was lost comes back where the text on both sides of it makes sense."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator

from pytest_supercharger.clean._lexical import CLOSERS, OPENERS, Scanner, Token, tokens
from pytest_supercharger.clean._move import Fault, Move, replaced
from pytest_supercharger.clean._rows import Rows

__all__ = ["strings"]

_MAX_PLACES = 16
_TRIPLES = ("'''", '"""')
_PREFIX = re.compile(r"(?i:rb|br|f|fr|rf|r|b|u)")


def strings(rows: Rows, fault: Fault) -> Iterator[Move]:
    """Yield the moves that add a quote around the fault."""
    if rows.open_at[fault.row] >= 0:
        yield from _single(rows, fault.row)
    if "triple-quoted" in fault.message or rows.in_string:
        yield from _triple(rows, fault)


def _single(rows: Rows, row: int) -> Iterator[Move]:
    line, start = rows.lines[row], rows.code_at[row]
    quote = line[rows.open_at[row]]
    found: dict[str, float] = {}
    for at in _boundaries(line, start):
        changed = line[:at] + quote + line[at:]
        if changed not in found and Scanner().feed(changed[start:]).open_at < 0:
            found[changed] = _oddness(changed, start, quote)
    for changed in sorted(found, key=found.__getitem__)[:_MAX_PLACES]:
        yield replaced(row, changed, 1.0 + found[changed], f"{quote} added")


def _boundaries(line: str, start: int) -> list[int]:
    """Return the columns where a string may begin or end: between a word and something else."""
    first = max(start, len(line) - len(line.lstrip()))
    edges = [at for at in range(first, len(line)) if _word(line, at - 1) != _word(line, at) or not _word(line, at)]
    return [*edges, len(line)]


def _word(line: str, at: int) -> bool:
    return at >= 0 and (line[at].isalnum() or line[at] == "_")


def _oddness(line: str, start: int, quote: str) -> float:
    """Return how odd the strings in the line are, 0 when each stands and reads as strings do."""
    found = tokens(line, start)
    return sum(_one(found, at, line) for at, token in enumerate(found) if token.kind == "string")


def _one(found: list[Token], at: int, line: str) -> float:
    token = found[at]
    before = found[at - 1] if at else None
    after = found[at + 1] if at + 1 < len(found) else None
    prefix = _PREFIX.match(token.text)
    content = token.text[prefix.end() if prefix else 0 :].strip("'\"")
    odd = 0.0
    if before is not None and _operand(before, ending=True):
        odd += 0.5
    if after is not None and _operand(after, ending=False) and after.text not in OPENERS:
        odd += 0.5
    if after is not None and after.text in {"(", "{"}:
        odd += 0.3
    return odd + _content(content, "f" in token.text[: prefix.end() if prefix else 0].lower())


def _content(content: str, formatted: bool) -> float:
    """Return how much the content of a string looks like code between two strings, or like code behind one."""
    odd = 0.0
    if not content:
        odd += 0.12
    if re.match(r"\s*[,)\]}:=]|\s*[+%]\s|\.\w+\(", content) and len(content) > 1:
        odd += 0.25
    if re.search(r"[,(\[{=]\s*$|\s[+%]\s*$", content) and len(content) > 1:
        odd += 0.25
    stack = [char for char in content if char in OPENERS or char in CLOSERS]
    if any(stack.count(opener) != stack.count(closer) for opener, closer in OPENERS.items()):
        odd += 0.2
    if re.search(r",\s?(?:self\b|\*{1,2}\w|\w+=)|\w\(|\) \w+ ", content) and not formatted:
        odd += 0.1
    if re.search(r", \w+$", content):
        odd += 0.05
    return odd


def _operand(token: Token, *, ending: bool) -> bool:
    if token.kind == "name":
        return not keyword.iskeyword(token.text) or token.text in {"None", "True", "False"}
    return token.kind in {"string", "number"} or token.text in (CLOSERS if ending else OPENERS)


def _triple(rows: Rows, fault: Fault) -> Iterator[Move]:
    """One quote of a `'''` was lost: two of them stand where three belong, above or below the one that is open."""
    for row, line in enumerate(rows.lines):
        for match in re.finditer(r"(?<!['\"\\])(?:''|\"\")(?!['\"])", line):
            if not line[: match.start()].strip(" \trRbBuUfF") or not line[match.end() :].strip():
                quote = match.group()[0]
                changed = line[: match.end()] + quote + line[match.end() :]
                far = min(abs(row - fault.row) / 500, 0.3)
                yield replaced(row, changed, 1.0 + far, f"{quote} added")
