"""Step 1: what is to be done, found by AST; nothing of the project is imported."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from pytest_supercharger import stubs
from pytest_supercharger.domain import SourceFile, Stub
from pytest_supercharger.errors import SettingsError, SourceError
from pytest_supercharger.project import Project
from pytest_supercharger.writeback.unfill import Again

__all__ = ["Work", "find", "is_chosen", "remaining_problems", "select"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is to be done: the project, its files with stubs, and the stubs that were selected."""

    project: Project
    sources: dict[str, SourceFile]  # relpath -> file
    stubs: tuple[Stub, ...]
    problems: tuple[str, ...]  # marked things that cannot be stubs
    notes: tuple[str, ...] = ()  # what is left out, and why
    again: Mapping[str, Again] = field(default_factory=dict)  # relpath -> file with functions to be filled anew

    def on_disk(self, relpath: str) -> bytes:
        """A file as it was read."""
        return self.again[relpath].source.data if relpath in self.again else self.sources[relpath].data


def find(project: Project) -> Work:
    """Every stub of the project.

    Raises:
        SourceError: a file with the marker cannot be read or parsed.
    """
    sources = {source.relpath: source for source in project.marked_files()}
    found = tuple(stub for source in sources.values() for stub in stubs.find(source))
    problems = tuple(line for source in sources.values() for line in stubs.problems(source))
    return Work(project=project, sources=sources, stubs=found, problems=problems, notes=tuple(_left_out(project)))


def _left_out(project: Project) -> Iterator[str]:
    for file in project.left_out():
        with contextlib.suppress(SourceError):  # nothing of it is needed
            if count := len(stubs.find(file)):
                target = file.path.resolve()
                inside = target.is_relative_to(project.root.resolve())
                where = "in a folder that is not the project's own" if inside else "outside of the project"
                step = "put the file into the project" + ("" if inside else ", or run pytest where it is")
                yield f"{file.relpath}: is a link to {target}, {where}, so its {count} stubs are left out; {step}"


def is_chosen(stub_id: str, globs: Sequence[str]) -> bool:
    """Whether one of the globs matches, or there is none."""
    return not globs or any(fnmatchcase(stub_id, glob) for glob in globs)


def select(work: Work, globs: Sequence[str]) -> Work:
    """The work restricted to stubs whose id matches one of the globs; all of it without globs.

    Raises:
        SettingsError: nothing matches.
    """
    if not globs:
        return work
    chosen = tuple(stub for stub in work.stubs if is_chosen(stub.id, globs))
    if not chosen:
        known = ", ".join(stub.id for stub in work.stubs[:8]) or "no stub at all"
        raise SettingsError(f"--supercharge-only {' '.join(globs)} matches no stub; the project has {known}")
    return replace(work, stubs=chosen, problems=())


def remaining_problems(work: Work) -> None:
    """Refuse to run over marked things that cannot be stubs.

    Raises:
        SourceError: there are some; all are listed.
    """
    if work.problems:
        raise SourceError("; ".join(work.problems))
