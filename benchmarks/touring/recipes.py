"""What a project's tests need, which of them are run, and where its code is: known for some, guessed for others."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["KNOWN", "Recipe", "guessed"]

_EXTRAS = ("test", "tests", "testing", "dev")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How one project is made to run."""

    needs: tuple[str, ...] = ()  # distributions that its tests import
    extras: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()  # files that choose its suite; none: what pytest finds by itself
    ini: str = ""  # a pytest.ini for a project that has no settings of its own
    note: str = ""  # what the table is to say


KNOWN: Mapping[str, Recipe] = {
    "more-itertools": Recipe(),
    "toolz": Recipe(),
    "boltons": Recipe(),
    "python-slugify": Recipe(),
    "humanize": Recipe(needs=("freezegun", "pytest-codspeed")),
    "inflection": Recipe(),
    "tomli": Recipe(note="its sdist has no tests; those of the tour"),
    "packaging": Recipe(needs=("pretend", "hypothesis")),
    "attrs": Recipe(needs=("hypothesis", "cloudpickle", "pytest-xdist")),
    "sortedcontainers": Recipe(
        ini="[pytest]\naddopts = --doctest-modules\ntestpaths = sortedcontainers\n",
        note="its sdist has no tests; its doctests",
    ),
    "cachetools": Recipe(),
    "parse": Recipe(needs=("parse_type", "pytest-cov")),
}


def guessed(folder: Path) -> Recipe:
    """What a project says of itself: an extra or a group of dependencies with the name of tests."""
    try:
        document = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError):
        document = {}
    declared = document.get("project", {}).get("optional-dependencies", {})
    extras = tuple(name for name in _EXTRAS if name in {*declared, *_provided(folder)})
    if extras:
        return Recipe(extras=extras[:1], note=f"extra {extras[0]}")
    groups = document.get("dependency-groups", {})
    group = next((name for name in _EXTRAS if name in groups), None)
    if group is None:
        return Recipe(note="no needs of tests declared")
    return Recipe(needs=tuple(_members(groups, group)), note=f"group {group}")


def _provided(folder: Path) -> Iterable[str]:
    try:
        text = (folder / "PKG-INFO").read_text("utf-8", "replace")
    except OSError:
        return ()
    return re.findall(r"^Provides-Extra: (\S+)", text, re.MULTILINE)


def _members(groups: Mapping[str, Any], name: str) -> Iterable[str]:
    for item in groups.get(name, ()):
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict) and "include-group" in item:
            yield from _members(groups, item["include-group"])
