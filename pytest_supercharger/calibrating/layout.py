"""Tasks as a project on disk: one module a task, none of which knows another."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from pytest_supercharger.calibrating.tasks import Task
from pytest_supercharger.project import Project

__all__ = ["lay_out"]


def lay_out(folder: Path, tasks: Sequence[Task]) -> Project:
    """All stubs in one fresh folder, readable by the users of containers."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    for task in tasks:
        (folder / task.relpath).write_text(task.source, encoding="utf-8")
    return Project.discover(folder, norecurse=[], pythonpath=[])
