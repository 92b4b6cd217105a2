"""The smallest edits that make broken Python parse; whole Python stays as it is."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from pytest_supercharger.clean._ending import looks_cut_off
from pytest_supercharger.clean._lexical import CLOSERS
from pytest_supercharger.clean._rows import Rows
from pytest_supercharger.clean._search import Search, fault
from pytest_supercharger.clean._syntax import MAX_SOURCE, parse, syntax_error

__all__ = ["Repaired", "cut_tail", "repair"]

_MAX_CUTS = 200
_MAX_CUT = 400_000  # characters parsed for one cut at most


class Repaired(tuple[str, ...]):
    """The texts, best first, that are equally small repairs and mean different things.

    The first is the source itself where it parses, and where nothing repairs it. `cut_off` tells that the source looks
    like the beginning of a longer text; `edits` says for each text what was done to it.
    """

    cut_off: bool
    edits: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, texts: Sequence[str], edits: Sequence[tuple[str, ...]], *, cut_off: bool = False) -> Repaired:
        """Make one of its parts."""
        made = cls(texts)
        made.cut_off, made.edits = cut_off, tuple(edits)
        return made


def repair(text: str, *, limit: int = 3, ended: bool = False) -> Repaired:
    """Return at most `limit` repairs of `text`.

    What looks cut off comes back as it is, unless the caller knows that the text has `ended`, or its last character
    closes a bracket: an answer is hardly ever cut just there. `cut_off` is set all the same.
    """
    error = fault(text) if len(text) <= MAX_SOURCE else None
    if error is None:
        return Repaired.of([text], [()])
    cut_off = looks_cut_off(Rows(text), error)
    hopeless = cut_off and not ended and text.rstrip()[-1:] not in CLOSERS
    found = [] if hopeless else Search(text, limit).run()
    if not found:
        return Repaired.of([text], [()], cut_off=cut_off)
    return Repaired.of([one.text for one in found], [one.edits for one in found], cut_off=cut_off)


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
    tries = min(_MAX_CUTS, max(1, _MAX_CUT // max(1, len(source))))
    for keep in itertools.islice(range(end, 0, -1), tries):
        text = "\n".join(lines[:keep])
        if text.strip() and parse(text) is not None:
            return text + "\n"
    return ""
