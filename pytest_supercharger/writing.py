"""Step 6: the evidence, then the files; once a file has changed, what goes wrong is told and ends nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pytest_supercharger import evidence, shelf
from pytest_supercharger.domain import Decision, Outcome
from pytest_supercharger.errors import SourceError, in_one_line
from pytest_supercharger.writeback import files, journal

__all__ = ["write"]

Problems = list[str]


def write(
    root: Path,
    changes: Sequence[files.Change],
    outcomes: Sequence[Outcome],
    records: Mapping[str, evidence.Record],
    *,
    tell: Callable[[Outcome, Path], None],
) -> tuple[tuple[Outcome, ...], tuple[str, ...]]:
    """Write the accepted functions; `tell` hears of each. Returns the outcomes as they are now, and what went wrong.

    Raises:
        SourceError: no file was changed.
    """
    files.check(changes)
    # First the evidence: a run that dies in between is repeated, an accepted function without it is not.
    accepted = [outcome for outcome in outcomes if outcome.decision is Decision.ACCEPTED]
    before = [shelf.state(root, records[outcome.stub.id]) for outcome in accepted]
    problems: Problems = []
    try:
        for outcome in accepted:
            shelf.save(root, records[outcome.stub.id])
        left = _apply(changes, problems)
    except BaseException:  # Ctrl-C too
        _take_back(accepted, before, {change.path for change in changes if not _is_written(change)})
        raise
    _take_back(accepted, before, left)
    # What could not be written stays in the journal, for the next run.
    with _told(problems, "the journal of the run was not cleared"):
        journal.clear(root, [outcome.stub.id for outcome in outcomes if outcome.stub.path not in left])
    now = tuple(_unwritten(outcome, problems[0]) if outcome.stub.path in left else outcome for outcome in outcomes)
    for outcome in now:
        if outcome.decision is Decision.ACCEPTED:
            with _told(problems, f"a plugin failed when told that {outcome.stub.id} is written"):
                tell(outcome, outcome.stub.path)
    return now, tuple(problems)


def _take_back(
    accepted: Sequence[Outcome], before: Sequence[Mapping[Path, bytes | None]], left: Collection[Path]
) -> None:
    """Put back the records of functions in files that were not written: they keep their bodies, if they had any."""
    for outcome, state in zip(accepted, before, strict=True):
        if outcome.stub.path in left:
            shelf.restore(state)


def _apply(changes: Sequence[files.Change], problems: Problems) -> set[Path]:
    """Write the files; the paths of those that could not be written while others were."""
    try:
        files.apply(changes)
    except SourceError as error:
        left = {change.path for change in changes if not _is_written(change)}
        if len(left) == len(changes):
            raise
        problems.append(str(error))
        return left
    return set()


def _is_written(change: files.Change) -> bool:
    try:
        return change.path.read_bytes() == change.new
    except OSError:
        return False


def _unwritten(outcome: Outcome, reason: str) -> Outcome:
    if outcome.decision is not Decision.ACCEPTED:
        return outcome
    return replace(outcome, decision=Decision.ERROR, reason=reason, candidate=None)


@contextlib.contextmanager
def _told(problems: Problems, what: str) -> Iterator[None]:
    """Turn whatever goes wrong into a line."""
    try:
        yield
    except Exception as error:  # of a plugin or the disk; the files are written, and nothing may hide that
        problems.append(f"{what}: {in_one_line(error)}")
