"""What a project says it depends on, read from its own files; nothing of the project is run.

Read are `pyproject.toml` (`[project]` and `[dependency-groups]`), `setup.cfg` and requirements files, of extras and
groups those that are for tests.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from pytest_supercharger import toml
from pytest_supercharger.errors import SandboxError

__all__ = ["Requirements", "read"]

# Of extras, groups and requirements files: those that tests need.
_FOR_TESTS = frozenset(("test", "tests", "testing", "dev", "develop", "development"))
_NAMES = re.compile(r"requirements(?:[-_.](\w+))?\.txt|(\w+)[-_]requirements\.txt")
_CONTINUED = re.compile(r"\\\r?\n")
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_OPTIONS = re.compile(r"\s--?[a-z-]+[ =].*$")  # behind a requirement: hashes and settings of one package
_NESTED = re.compile(r"(?:-r|--requirement)[ =]*(\S+)")


@dataclass(slots=True, kw_only=True)
class Requirements:
    """The requirements of a project, where they stand, and the lines that are none."""

    lines: dict[str, None] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)  # paths, options and what is no requirement

    def add(self, lines: Iterable[str]) -> None:
        """Take in requirements; of the project's own paths nothing is installed."""
        for line in lines:
            try:
                found = Requirement(line)
            except InvalidRequirement:
                self.unused.append(line)
                continue
            if found.url and not found.url.startswith(("https://", "git+https://")):
                self.unused.append(line)
            else:
                self.lines[str(found)] = None


def read(project: Path) -> Requirements:
    """The dependencies that the files at the top of `project` declare.

    Raises:
        SandboxError: one of them cannot be read.
    """
    found = Requirements()
    try:
        for name, reader in (("pyproject.toml", _pyproject), ("setup.cfg", _setup_cfg)):
            if (project / name).is_file():
                found.files.append(name)
                found.add(reader((project / name).read_text("utf-8")))
        for path in sorted(project.glob("*requirements*.txt")):
            if _is_for_tests(path.name):
                found.add(_file(path, project.resolve(), found.files))
    except (OSError, ValueError, configparser.Error) as error:
        raise SandboxError(f"the dependencies of {project} cannot be read from {found.files[-1]}: {error}") from None
    return found


def _is_for_tests(name: str) -> bool:
    match = _NAMES.fullmatch(name)
    return match is not None and (match[1] or match[2] or "test").lower() in _FOR_TESTS


def _pyproject(text: str) -> Iterator[str]:
    document = toml.loads(text)
    project = _table(document, "project")
    yield from _strings(project.get("dependencies"))
    for name, extra in _table(project, "optional-dependencies").items():
        if name.lower() in _FOR_TESTS:
            yield from _strings(extra)
    groups = {_plain(name): group for name, group in _table(document, "dependency-groups").items()}
    for name in groups:
        if name in _FOR_TESTS:
            yield from _group(groups, name, set())


def _group(groups: Mapping[str, Any], name: str, seen: set[str]) -> Iterator[str]:
    if name in seen or not isinstance(groups.get(name), list):
        return
    seen.add(name)
    for item in groups[name]:
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict) and isinstance(item.get("include-group"), str):
            yield from _group(groups, _plain(item["include-group"]), seen)


def _setup_cfg(text: str) -> Iterator[str]:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    yield from _listed(parser.get("options", "install_requires", fallback=""))
    extras = parser["options.extras_require"] if parser.has_section("options.extras_require") else {}
    for name, value in extras.items():
        if name.lower() in _FOR_TESTS:
            yield from _listed(value)


def _listed(text: str) -> list[str]:
    parts = text.splitlines() if "\n" in text else text.split(";")
    return [part.strip() for part in parts if part.strip()]


def _file(path: Path, project: Path, files: list[str]) -> Iterator[str]:
    path = path.resolve()
    if not path.is_relative_to(project) or str(path.relative_to(project)) in files:
        return
    files.append(str(path.relative_to(project)))
    for raw in _CONTINUED.sub(" ", path.read_text("utf-8")).splitlines():
        line = _COMMENT.sub("", raw).strip()
        nested = _NESTED.fullmatch(line)
        if nested:
            yield from _file(path.parent / nested[1], project, files)
        elif line:
            yield line if line.startswith("-") else _OPTIONS.sub("", line)


def _table(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document.get(name)
    return value if isinstance(value, dict) else {}


def _strings(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
