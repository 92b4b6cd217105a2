"""Files of a project on disk, and which of them are found."""

from __future__ import annotations

from pathlib import Path

from pytest_supercharger.project import Project

MARKED = "from pytest_supercharger import supercharge\n"


def make(root: Path, *names: str, text: str = "") -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def discover(
    root: Path, *, norecurse: tuple[str, ...] = (), pythonpath: tuple[str, ...] = (), search_path: tuple[str, ...] = ()
) -> Project:
    return Project.discover(root, norecurse=norecurse, pythonpath=pythonpath, search_path=search_path)


def found(project: Project) -> list[str]:
    return [path.relative_to(project.root).as_posix() for path in project.files]
