"""Typographic characters and what Python has in their place."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_supercharger.clean._move import Fault, Move, replaced
from pytest_supercharger.clean._rows import Rows

__all__ = ["characters", "plain_characters"]

_BLANKS = dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2007\u2009\u202f\u3000"), " ")
_NOTHING = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad\x00"))
_QUOTES = {
    **dict.fromkeys(map(ord, "\u2018\u2019\u201a\u201b\u2032"), "'"),
    **dict.fromkeys(map(ord, "\u201c\u201d\u201e\u201f\u2033"), '"'),
}
_SIGNS = {
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212"), "-"),
    0xFF1A: ":",
    0xFF0C: ",",
    0xFF08: "(",
    0xFF09: ")",
    0x00D7: "*",
    0x2264: "<=",
    0x2265: ">=",
    0x2260: "!=",
}
_INVISIBLE = {**_BLANKS, **_NOTHING}
_PLAIN = {**_INVISIBLE, **_QUOTES, **_SIGNS}


def plain_characters(text: str) -> str:
    """Return the text with typographic blanks, quotes and signs as Python knows them."""
    return text.translate(_PLAIN)


def characters(rows: Rows, fault: Fault) -> Iterator[Move]:
    """Yield the moves that make characters plain: in the line of the fault, or the invisible ones everywhere."""
    line = plain_characters(rows.lines[fault.row])
    if line != rows.lines[fault.row]:
        yield replaced(fault.row, line, 0.5, "typographic characters became plain ones")
    blanks = [each.translate(_INVISIBLE) for each in rows.lines]
    if blanks != rows.lines:
        note = "typographic blanks became plain ones"
        yield Move(price=0.6, first=0, end=len(blanks), lines=tuple(blanks), note=note)
