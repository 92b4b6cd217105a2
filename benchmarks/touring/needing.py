"""What a project's tests turn out to need that it declares nowhere: modules, and plugins that its options belong to.

Only what the product's own table of well-known names has, or a file of settings of the project names, is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from pytest_supercharger.distributions import KNOWN, same

__all__ = ["lacking"]

_MODULE = re.compile(r"No module named '([\w.]+)'")
_OPTION = re.compile(r"unrecognized arguments: (.*)")
_FIXTURE = re.compile(r"fixture '(\w+)' not found")
_PLUGINS = re.compile(r"Missing required plugins: (.*)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

# The beginning of an option, or a fixture -> the plugin of pytest that has it.
_OPTIONS = {
    "--asyncio": "pytest-asyncio",
    "--benchmark": "pytest-benchmark",
    "--codspeed": "pytest-codspeed",
    "--cov": "pytest-cov",
    "--dist": "pytest-xdist",
    "--doctest-plus": "pytest-doctestplus",
    "--flake": "pytest-flake8",
    "--isort": "pytest-isort",
    "--mypy": "pytest-mypy",
    "--no-cov": "pytest-cov",
    "--numprocesses": "pytest-xdist",
    "--random": "pytest-randomly",
    "--reruns": "pytest-rerunfailures",
    "--timeout": "pytest-timeout",
    "-n": "pytest-xdist",
}
_FIXTURES = {
    "benchmark": "pytest-benchmark",
    "freezer": "pytest-freezer",
    "mocker": "pytest-mock",
    "subtests": "pytest-subtests",
}
_SETTINGS = ("*.toml", "*.cfg", "*.ini", "*.txt", "setup.py", "noxfile.py", "*/*requirements*.txt", "requirements/*")


def lacking(said: str, project: Path) -> tuple[str, ...]:
    """Distributions to install, from what pytest said when it could not run everything."""
    wanted = [*_plugins(said)]
    settings = _settings(project)
    for module in dict.fromkeys(_MODULE.findall(said)):
        top = module.partition(".")[0]
        name = KNOWN.get(top, top)
        if top in KNOWN or any(same(name, other) for other in settings):
            wanted.append(name)
    return tuple(dict.fromkeys(wanted))


def _plugins(said: str) -> Iterator[str]:
    for option in (word for words in _OPTION.findall(said) for word in words.split()):
        yield from (plugin for start, plugin in _OPTIONS.items() if option.startswith(start))
    yield from (_FIXTURES[name] for name in _FIXTURE.findall(said) if name in _FIXTURES)
    yield from (name for names in _PLUGINS.findall(said) for name in _NAME.findall(names))


def _settings(project: Path) -> Iterable[str]:
    """Every word in the project's files of settings that could be the name of a distribution."""
    files = [path for pattern in _SETTINGS for path in project.glob(pattern) if path.is_file()]
    return {word for path in files for word in _NAME.findall(path.read_text("utf-8", "replace"))}
