"""`--supercharge-forget`: evidence is retired, and the function is the user's own from then on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytest_supercharger import evidence, shelf
from pytest_supercharger.reporting import Reporter

__all__ = ["forget"]


def forget(root: Path, globs: Sequence[str], reporter: Reporter) -> tuple[str, ...]:
    """Delete the records of the functions that the globs name, and nothing else; returns the functions.

    Raises:
        SettingsError: a glob names none; nothing is deleted.
        SourceError: a record is damaged, or cannot be deleted.
    """
    chosen = evidence.matching(shelf.load_all(root), globs, flag="--supercharge-forget")
    for record in chosen:
        path = shelf.remove(root, record)
        reporter.line(f"{record.stub}: forgotten; {path.relative_to(root).as_posix()} is deleted")
    return tuple(record.stub for record in chosen)
