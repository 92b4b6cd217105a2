"""Whether a text that does not parse looks like the beginning of a longer one."""

from __future__ import annotations

import keyword
import re

from pytest_supercharger.clean._lexical import CLOSERS, tokens
from pytest_supercharger.clean._move import Fault
from pytest_supercharger.clean._noise import is_sentence
from pytest_supercharger.clean._rows import HEADER, Line, Rows
from pytest_supercharger.clean._strings import pairs_of_quotes

__all__ = ["looks_cut_off"]

_WANTS_MORE = frozenset(keyword.kwlist) - {
    "break",
    "continue",
    "pass",
    "return",
    "raise",
    "yield",
    "None",
    "True",
    "False",
}
_JOINS = ("and", "as", "else", "for", "from", "if", "import", "in", "is", "not", "or")


def looks_cut_off(rows: Rows, error: SyntaxError) -> bool:
    """Tell whether a text that gave `error` may go on behind its last character, and lacks nothing but that."""
    if not rows.logical or is_sentence(rows.lines[rows.logical[-1].last]):
        return False
    fault = Fault.of(error, rows)
    last = rows.logical[-1]
    message = fault.message
    if "triple-quoted" in message:  # else a quote was lost further up
        return not any("".join(rows.lines[row + 1 :]).strip() for row, _ in pairs_of_quotes(rows))
    if "expected 'except'" in message:
        return fault.row >= last.first
    if "expected an indented block" in message:
        return fault.row >= last.last and (last.opens_block or fault.row > last.last)
    if fault.margin or re.search(r"does not match|unmatched|invalid (?:character|non-printable)", message):
        return False
    if fault.row < last.first or _finished(rows, last):
        return False
    if "was never closed" in message:
        return bool(last.unclosed)
    if "unterminated" in message or "f-string: expecting '}'" in message:
        return fault.row >= last.last
    return "unexpected EOF" in message or _unfinished(rows, last, fault)


def _finished(rows: Rows, last: Line) -> bool:
    """Tell whether the last line is the closing bracket of the statement that began further up."""
    end = rows.lines[last.last].lstrip()
    return last.last > last.first and end[:1] in CLOSERS and rows.width(last.last) <= last.width


def _unfinished(rows: Rows, last: Line, fault: Fault) -> bool:
    found = tokens(rows.code(last.last), rows.code_at[last.last])
    if not found:
        return bool(last.unclosed)
    end = found[-1]
    if fault.row > last.last:
        return True
    if fault.row == last.last and fault.column + 1 < end.start and "expected" not in fault.message:
        return rows.open_at[last.last] >= 0
    if HEADER.match(rows.lines[last.first]) and not rows.code(last.last).endswith(":"):
        return True
    if end.kind == "operator":
        return end.text not in CLOSERS and end.text not in {":", "..."}
    if end.kind == "name":
        return end.text in _WANTS_MORE or any(word.startswith(end.text) for word in _JOINS)
    return False
