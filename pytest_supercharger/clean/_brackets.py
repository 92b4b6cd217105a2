"""Moves for brackets: one is closed, changed or taken out, where a person would have closed it first."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_supercharger.clean._lexical import CLOSERS, OPENERS, Token, tokens
from pytest_supercharger.clean._move import Fault, Move, replaced
from pytest_supercharger.clean._rows import HEADER, Line, Rows

__all__ = ["brackets"]

_WORDS = frozenset({"and", "or", "not", "in", "is", "if", "else", "for", "lambda", "await", "async", "yield"})
_COMPARES = frozenset({"==", "!=", "<", ">", "<=", ">=", "in", "is"})
_MAX_PLACES = 24


def brackets(rows: Rows, fault: Fault) -> Iterator[Move]:
    """Yield the moves that change brackets around the fault."""
    if match := re.search(r"closing parenthesis '(.)' does not match opening parenthesis '(.)'", fault.message):
        yield from _mismatch(rows, fault, match.group(1), OPENERS[match.group(2)])
    elif match := re.search(r"unmatched '(.)'", fault.message):
        yield from _unmatched(rows, fault, match.group(1))
    if not rows.logical:
        return
    index = rows.at(fault.row)
    for at in range(max(0, index - 2), index + 1):
        line = rows.logical[at]
        if line.unclosed:
            yield from _close(rows, line, fault)
    if fault.margin and index:
        yield from _closed_too_early(rows, rows.logical[index - 1])


def _mismatch(rows: Rows, fault: Fault, wrong: str, right: str) -> Iterator[Move]:
    line = rows.lines[fault.row]
    at = fault.column if line[fault.column : fault.column + 1] == wrong else line.rfind(wrong)
    if at < 0:
        return
    yield replaced(fault.row, line[:at] + right + line[at + 1 :], 1.0, f"'{wrong}' became '{right}'")
    yield replaced(fault.row, line[:at] + right + line[at:], 1.1, f"'{right}' added")
    yield replaced(fault.row, line[:at] + line[at + 1 :], 1.4, f"'{wrong}' taken out")


def _unmatched(rows: Rows, fault: Fault, closer: str) -> Iterator[Move]:
    line = rows.lines[fault.row]
    for token in tokens(line, rows.code_at[fault.row]):
        if token.text == closer:
            price = 1.0 + abs(token.start - fault.column) / 100
            changed = line[: token.start] + line[token.end :]
            yield replaced(fault.row, changed, price, f"'{closer}' taken out")
    for row in range(fault.row - 1, max(-1, fault.row - 9), -1):  # it closed what was to go on below
        if not rows.inside[row] and rows.code(row).endswith(closer):
            changed = rows.code(row)[:-1] + rows.comment(row)
            yield replaced(row, changed, 1.15 + (fault.row - row) / 100, f"'{closer}' taken out")


def _closed_too_early(rows: Rows, line: Line) -> Iterator[Move]:
    """`f()` and its arguments on the lines below."""
    code = rows.code(line.last)
    if code[-1:] in CLOSERS:
        changed = code[:-1].rstrip() + rows.comment(line.last)
        yield replaced(line.last, changed, 1.2, f"'{code[-1]}' taken out")


def _close(rows: Rows, line: Line, fault: Fault) -> Iterator[Move]:
    opener, row, column = line.unclosed[-1]
    closer = OPENERS[opener]
    places = sorted(_places(rows, line, row, column, closer, fault))[:_MAX_PLACES]
    for price, at, where in places:
        text = rows.lines[at]
        yield replaced(at, text[:where] + closer + text[where:], price, f"'{closer}' added")


def _places(
    rows: Rows, line: Line, row: int, column: int, closer: str, fault: Fault
) -> Iterator[tuple[float, int, int]]:
    """Yield (price, row, column) of where the closer may go: behind a whole operand, best at the end of the line."""
    call = _called(rows, row, column)
    for at in range(row, line.last + 1):
        if rows.blank(at) and at < line.last:
            continue
        found = [t for t in tokens(rows.lines[at], rows.code_at[at]) if at > row or t.start >= column]
        if not found or found[0].text == ":":  # the closer stood alone in its line
            yield 1.0, at, found[0].start if found else len(rows.lines[at])
            continue
        for before, after in zip(found, [*found[1:], None], strict=True):
            if before.text in OPENERS:
                if after is None or after.text in {".", ",", ":"}:  # nothing else can stand there
                    yield 1.0 if after or at == line.last else 1.3, at, before.end
            elif _ends_operand(before):
                alone = at == row and len(found) > 1 and found[1] is before
                price = _price(rows, line, at, after, fault, alone=alone, call=call)
                yield price, at, before.end


def _called(rows: Rows, row: int, column: int) -> bool:
    """Tell whether the bracket belongs to a call or a subscript, and does not just group."""
    before = [t for t in tokens(rows.lines[row], rows.code_at[row]) if t.end <= column]
    return bool(before) and before[-1].text not in _WORDS and _ends_operand(before[-1]) and before[-1].text != ","


def _price(rows: Rows, line: Line, at: int, after: Token | None, fault: Fault, *, alone: bool, call: bool) -> float:
    last = at == line.last
    if after is None:
        return 1.0 if last else 1.3
    if last and after.text == ":" and HEADER.match(rows.lines[line.first]):
        return 1.0
    distance = min(abs(after.start - fault.column) / 400, 0.1) if at == fault.row else 0.1
    if alone and not call:  # a single name in brackets
        return 1.6
    if call and after.text in _COMPARES:
        return 0.97 if alone else 1.05
    if after.text in {"=", "for", "if", "else", "+=", "-="}:
        return 1.1 + distance
    if after.text == ".":
        return (1.15 if call else 1.3) + distance
    if after.text in {",", "]", ")", "}", ":", "["} or after.text in _WORDS:
        return 1.15 + distance
    return 1.25 + distance


def _ends_operand(token: Token) -> bool:
    if token.kind == "name":
        return token.text not in _WORDS
    return token.kind in {"string", "number"} or token.text in CLOSERS or token.text in {",", "..."}
