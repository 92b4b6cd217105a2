"""Moves for single signs and words: colons, commas, comparisons, and what other languages write in their place."""

from __future__ import annotations

import itertools
import keyword
import re
from collections.abc import Iterator

from pytest_supercharger.clean._lexical import CLOSERS, OPENERS, Token, tokens
from pytest_supercharger.clean._move import Fault, Move, replaced
from pytest_supercharger.clean._rows import HEADER, Rows

__all__ = ["colons", "commas", "comparisons", "habits"]

_STARTERS = frozenset({"lambda", "not", "await", "None", "True", "False", "yield"})
_MAX_GAPS = 12
_MAX_LINE = 1_000  # characters; the patterns of habits go over a longer one again and again


def colons(rows: Rows, fault: Fault) -> Iterator[Move]:
    """Yield the moves that end a header with its colon."""
    if "expected ':'" not in fault.message and not HEADER.match(rows.lines[fault.row]):
        return
    code, comment = rows.code(fault.row), rows.comment(fault.row)
    if code and not code.endswith((":", "\\")):
        yield replaced(fault.row, code + ":" + comment, 1.0, "':' added")


def comparisons(rows: Rows, fault: Fault) -> Iterator[Move]:
    """Yield the moves that make `=` a comparison, or an assignment inside an expression."""
    yield from _compared(rows, fault, fault.row)
    if "expected 'else'" in fault.message and rows.logical:  # the condition may stand further down
        for row in range(fault.row + 1, rows.logical[rows.at(fault.row)].last + 1):
            yield from _compared(rows, fault, row)


def _compared(rows: Rows, fault: Fault, row: int) -> Iterator[Move]:
    line = rows.lines[row]
    found = tokens(line, rows.code_at[row])
    hinted = "'=='" in fault.message or '"=="' in fault.message
    for at, token in enumerate(found):
        if token.text != "=" or not at:
            continue
        near = row == fault.row and token.start - 2 <= fault.end and token.end >= fault.column
        price = 1.0 if near or hinted else 1.3
        changed = line[: token.start] + "==" + line[token.end :]
        yield replaced(row, changed, price + 0.01 * at / len(found), "'=' became '=='")
        if found[0].text in {"if", "elif", "while"} and found[at - 1].kind == "name" and line.rstrip().endswith("):"):
            walrus = line[: token.start] + ":=" + line[token.end :]
            yield replaced(row, walrus, price + 0.15, "'=' became ':='")


def commas(rows: Rows, fault: Fault) -> Iterator[Move]:
    """Yield the moves that put a comma between two operands, or the colon of a dictionary."""
    if fault.margin:
        return
    gaps: list[tuple[float, int, int]] = []
    for row in (fault.row - 1, fault.row):
        if row >= 0 and not rows.inside[row]:
            found = tokens(rows.lines[row], rows.code_at[row])
            gaps += [(_away(row, left, right, fault), row, left.end) for left, right in _gaps(found)]
            if _goes_on_below(found, fault):
                gaps.append((0.05, row, len(rows.code(row).rstrip("\\ "))))
    for away, row, at in sorted(gaps)[:_MAX_GAPS]:
        line = rows.lines[row]
        yield replaced(row, line[:at] + "," + line[at:], 1.1 + away, "',' added")
        if "{" in "".join(rows.lines[max(0, row - 20) : row + 1]):
            yield replaced(row, line[:at] + ":" + line[at:], 1.12 + away, "':' added")


def _gaps(found: list[Token]) -> Iterator[tuple[Token, Token]]:
    """Yield the neighbours between which a comma may have stood."""
    for at, (left, right) in enumerate(itertools.pairwise(found)):
        star = left.text in {"*", "/"} and (not at or found[at - 1].text in {"(", ","})  # def f(a, * b)
        slash = right.text == "/" and at + 2 < len(found) and found[at + 2].text in {",", ")"}  # def f(a /, b)
        ends, starts = star or _operand(left, ending=True), slash or _operand(right, ending=False)
        if right.start > left.end and ends and starts:
            yield left, right


def _goes_on_below(found: list[Token], fault: Fault) -> bool:
    if len(found) > 1 and found[-1].text == "\\":
        return _operand(found[-2], ending=True)
    hinted = "comma" in fault.message or "dictionary key" in fault.message
    return hinted and bool(found) and _operand(found[-1], ending=True)


def _away(row: int, left: Token, right: Token, fault: Fault) -> float:
    if row != fault.row:
        return 0.25
    if left.end <= fault.end and right.start >= fault.column:
        return min(abs(right.start - fault.column), abs(left.start - fault.column)) / 500
    return 0.15


def _operand(token: Token, *, ending: bool) -> bool:
    if token.kind == "name":
        values = {"None", "True", "False"} if ending else _STARTERS
        return not keyword.iskeyword(token.text) or token.text in values
    if token.kind in {"string", "number"}:
        return True
    return token.text in CLOSERS if ending else token.text in OPENERS or token.text in {"*", "**"}


_HABITS: tuple[tuple[str, str, str], ...] = (
    (r"&&", "and", "'&&' became 'and'"),
    (r"\|\|", "or", "'||' became 'or'"),
    (r"\belse\s+if\b", "elif", "'else if' became 'elif'"),
    (r"!(?=[A-Za-z_(])", "not ", "'!' became 'not'"),
    (r"(?<=\w)\+\+", " += 1", "'++' became '+= 1'"),
    (r"(?<=\w)--(?=\s*$)", " -= 1", "'--' became '-= 1'"),
    (r"(?<=\\)\W+$", "", "what stood behind a backslash taken out"),
)


def habits(rows: Rows, fault: Fault) -> Iterator[Move]:
    """Yield the moves that turn what another language, or Python 2, writes into Python."""
    line = rows.lines[fault.row]
    if len(line) > _MAX_LINE:
        return
    for pattern, right, note in _HABITS:
        changed = re.sub(pattern, right, line)
        if changed != line:
            yield replaced(fault.row, changed, 0.9, note)
    if match := re.match(r"(\s*)print\s+(?!\()(.+?)\s*$", line):
        yield replaced(fault.row, f"{match.group(1)}print({match.group(2)})", 1.0, "'print' became a call")
