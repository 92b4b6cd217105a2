"""The edits a repair may try where the parser stopped, each with its price; small and plausible is cheap.

The search in `repair` knows nothing of Python; a new kind of damage is a new function in one of the modules below.
Wordings are those of CPython 3.10 to 3.14.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pytest_supercharger.clean._brackets import brackets
from pytest_supercharger.clean._characters import characters
from pytest_supercharger.clean._margins import margins
from pytest_supercharger.clean._move import Fault, Move
from pytest_supercharger.clean._noise import noise
from pytest_supercharger.clean._rows import Rows
from pytest_supercharger.clean._strings import strings
from pytest_supercharger.clean._words import colons, commas, comparisons, habits

__all__ = ["moves"]

_KINDS: tuple[Callable[[Rows, Fault], Iterator[Move]], ...] = (
    characters,
    colons,
    margins,
    brackets,
    strings,
    comparisons,
    commas,
    habits,
    noise,
)


def moves(rows: Rows, error: SyntaxError) -> Iterator[Move]:
    """Yield every edit that may mend `error`."""
    fault = Fault.of(error, rows)
    for kind in _KINDS:
        yield from kind(rows, fault)
