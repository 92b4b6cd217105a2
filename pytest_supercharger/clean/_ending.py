"""Whether a text that does not parse looks like the beginning of a longer one."""

from __future__ import annotations

import re

from pytest_supercharger.clean._lexical import CLOSERS, tokens
from pytest_supercharger.clean._move import Fault
from pytest_supercharger.clean._noise import is_sentence
from pytest_supercharger.clean._rows import HEADER, Line, Rows

__all__ = ["looks_cut_off"]

_KEYWORDS = (
    "and as assert async await break class continue def del elif else except finally for from global if import in is"
    " lambda nonlocal not or pass raise return try while with yield None True False"
).split()
_WANTS_MORE = frozenset(_KEYWORDS) - {"break", "continue", "pass", "return", "raise", "yield", "None", "True", "False"}
_CODE = re.compile(
    r"\s*(?:return\b|raise\b|def \w+\(|(?:if|for|while|with) .*:$|[\w.]+ = |[\w.]+\(.*\)$|(?:else|try):$)"
)


def looks_cut_off(rows: Rows, error: SyntaxError) -> bool:
    """Tell whether a text that gave `error` may go on behind its last character, and lacks nothing but that."""
    if not rows.logical or is_sentence(rows.lines[rows.logical[-1].last]):
        return False
    fault = Fault.of(error, rows)
    last = rows.logical[-1]
    message = fault.message
    if "triple-quoted" in message:  # a quote lost further up leaves code, not text, behind the one that is open
        return not _holds_code(rows)
    if "expected an indented block" in message or "expected 'except'" in message:
        return fault.row >= last.last and (last.opens_block or fault.row > last.last)
    if fault.margin or re.search(r"does not match|unmatched|invalid (?:character|non-printable)", message):
        return False
    if fault.row < last.first:
        return False
    if "was never closed" in message:
        return bool(last.unclosed)
    if "unterminated" in message or "unexpected EOF" in message or message.startswith("f-string: expecting '}'"):
        return True
    return _unfinished(rows, last, fault)


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
        return end.text in _WANTS_MORE or any(word.startswith(end.text) for word in _KEYWORDS)
    return False


def _holds_code(rows: Rows) -> bool:
    """Tell whether what stands in the string left open at the end reads like code."""
    start = next((r for r in range(len(rows.lines) - 1, -1, -1) if not rows.inside[r]), 0)
    below = [line for line in rows.lines[start + 1 :] if line.strip()]
    return sum(_CODE.match(line) is not None for line in below) * 3 > len(below)
