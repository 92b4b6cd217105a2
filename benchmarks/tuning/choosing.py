"""Which tasks: some of each file, in turn."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_supercharger.calibrating.tasks import Row, choose
from pytest_supercharger.errors import SettingsError

__all__ = ["rows"]

_NEEDED = ("prompt", "entry_point", "canonical_solution")


def rows(places: Sequence[Path], limit: int, seed: int) -> list[Row]:
    """`limit` tasks of these files and folders, all for 0; the same for the same seed, and more include the fewer.

    Raises:
        SettingsError: there are none.
    """
    files = [file for place in places for file in (_files(place) if place.is_dir() else [place])]
    columns = [[row for row in choose(file, 0, seed) if all(name in row for name in _NEEDED)] for file in files]
    turns = (row for turn in itertools.zip_longest(*columns) for row in turn if row is not None)
    found = [*itertools.islice(turns, limit or None)]
    if not found:
        raise SettingsError(f"{', '.join(map(str, places))} holds no tasks; give files in the format of HumanEval+")
    return found


def _files(folder: Path) -> Iterator[Path]:
    """Everything in a folder that may hold tasks; other files of JSON lines are sorted out by their rows."""
    return (path for path in sorted(folder.rglob("*")) if path.name.endswith((".jsonl", ".jsonl.gz")))
