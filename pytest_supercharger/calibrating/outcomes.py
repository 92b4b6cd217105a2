"""The known outcomes of one model on disk: one JSON line a task, so that a run that was stopped goes on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pytest_supercharger import __version__, acceptance
from pytest_supercharger.calibrating.lines import Lines
from pytest_supercharger.calibrating.tasks import Task
from pytest_supercharger.calibration import Known
from pytest_supercharger.errors import SourceError
from pytest_supercharger.options import Settings

__all__ = ["Line", "Outcomes", "known_of"]

Line = dict[str, Any]
_FILE = "outcomes.jsonl"


class Outcomes:
    """What is known under one state of code, weights and settings; lines of another state stay unused."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        """Read what earlier runs have left.

        Raises:
            SourceError: the file cannot be read or written.
        """
        path = folder / _FILE
        try:
            self._lines = Lines(path)
        except (OSError, ValueError) as error:
            raise SourceError(f"{path} cannot be used ({error}); move it away, or set SUPERCHARGER_STATE") from None
        budget = (
            settings.confidence,
            settings.samples,
            settings.suites,
            settings.repairs,
            settings.time,
            settings.seed,
        )
        self._state = _digest(__version__, acceptance.VERSION, repr(budget))

    def all(self) -> list[Line]:
        """The last line of each task, in the order of their groups and names."""
        mine = [line for line in self._lines.items if line.get("state") == self._state]
        latest = {line["task"]: line for line in mine}
        return sorted(latest.values(), key=lambda line: (line["group"], line["task"]))

    def missing(self, tasks: Sequence[Task]) -> list[Task]:
        """The tasks that have no line, or one of when they read otherwise."""
        known = {(line["task"], line["digest"]) for line in self.all()}
        return [task for task in tasks if (task.id, _of(task)) not in known]

    def add(self, task: Task, line: Line) -> None:
        """Keep what a task came to; it is on the disk when this returns."""
        self._lines.add({"state": self._state, "task": task.id, "group": task.group, "digest": _of(task), **line})


def known_of(line: Line) -> Known | None:
    """What a line is to the fit; None where the task came to no candidate that could be right."""
    if line["right"] is None:
        return None
    return Known(probability=line["probability"], right=line["right"], trusted=line["trusted"], judged=line["judged"])


def _of(task: Task) -> str:
    return _digest(task.source, task.reference, task.contract, repr(task.inputs), repr((task.atol, task.view)))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
