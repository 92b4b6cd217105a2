"""One table of flags and ini keys. Every run of pytest loads this module, so it stays small.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

__all__ = ["COMMAND_LINE_ONLY", "TABLE", "Option", "add_options", "is_active"]


Parse = Callable[[str, str], Any]


def _probability(name: str, text: str) -> float:
    value = _number(name, text)
    if not 0.5 <= value < 1.0:
        raise pytest.UsageError(f"{name} is {text}; give a probability from 0.5 to below 1, for example 0.95")
    return value


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise pytest.UsageError(f"{name} is {text!r}; give a number")
    return value


def _seconds(name: str, text: str) -> float:
    value = _number(name, text)
    if value <= 0:
        raise pytest.UsageError(f"{name} is {text}; give a positive number of seconds")
    return value


def _count(name: str, text: str) -> int:
    value = _number(name, text)
    if value != int(value) or not 1 <= value <= 100_000:
        raise pytest.UsageError(f"{name} is {text}; give a whole number from 1 to 100000")
    return int(value)


def _natural(name: str, text: str) -> int:
    value = _number(name, text)
    if value != int(value) or value < 0:
        raise pytest.UsageError(f"{name} is {text}; give a whole number, 0 or more")
    return int(value)


def _level(name: str, text: str) -> int:
    if text.strip() not in ("2", "3"):
        raise pytest.UsageError(f"{name} is {text!r}; give 2 (test and candidate in one process) or 3 (in two)")
    return int(text)


def _text(name: str, text: str) -> str:
    if not text.strip():
        raise pytest.UsageError(f"{name} is empty; give a value or leave it out")
    return text.strip()


def _address(name: str, text: str) -> str:
    host, colon, port = text.strip().rpartition(":")
    if not (colon and host and port.isdecimal() and 0 < int(port) < 65536):
        raise pytest.UsageError(f"{name} is {text!r}; give HOST:PORT, for example 127.0.0.1:50051")
    return text.strip()


def _path(name: str, text: str) -> Path:
    path = Path(_text(name, text)).absolute()
    if path.is_dir() or not path.parent.is_dir():
        raise pytest.UsageError(f"{name} is {text}; give a file in a folder that exists")
    return path


class Option(NamedTuple):
    """One row of the table: a flag, its ini key, and how its text is read."""

    field: str  # of Settings
    name: str  # the flag, without the two dashes
    parse: Parse | None  # None: a switch
    help: str
    metavar: str | None = None
    many: bool = False
    ini: str = ""  # the ini key where it is not the flag's name

    @property
    def key(self) -> str:
        """The ini key; command-line modes have none."""
        return self.ini or self.name.replace("-", "_")


TABLE = (
    Option(
        field="fill",
        name="supercharge",
        parse=None,
        help="Fill the functions marked @supercharge, then run the tests",
    ),
    Option(
        field="nodes",
        name="supercharge-node",
        parse=_address,
        many=True,
        metavar="HOST:PORT",
        ini="supercharge_nodes",
        help="Model node to ask; may be given several times. Without one, a node is started for the run.",
    ),
    Option(
        field="model",
        name="supercharge-model",
        parse=_text,
        metavar="NAME",
        help="Model of the node that is started when none is given (default: auto)",
    ),
    Option(
        field="only",
        name="supercharge-only",
        parse=_text,
        many=True,
        metavar="GLOB",
        help="Fill only stubs whose module:qualname matches; may be given several times",
    ),
    Option(
        field="confidence",
        name="supercharge-confidence",
        parse=_probability,
        metavar="P",
        help="Probability of being right from which a candidate is accepted (default: 0.95)",
    ),
    Option(
        field="samples",
        name="supercharge-samples",
        parse=_count,
        metavar="N",
        help="Implementations to ask for, at most, a stub (default: 12)",
    ),
    Option(
        field="suites",
        name="supercharge-suites",
        parse=_count,
        metavar="N",
        help="Test suites to ask for, at most, a stub (default: 6)",
    ),
    Option(
        field="repairs",
        name="supercharge-repairs",
        parse=_natural,
        metavar="N",
        help="Repairs to ask for, at most, a stub (default: 3)",
    ),
    Option(
        field="time",
        name="supercharge-time",
        parse=_seconds,
        metavar="SECONDS",
        help="Time to spend, at most, on a stub (default: 300)",
    ),
    Option(
        field="parallel",
        name="supercharge-parallel",
        parse=_natural,
        metavar="N",
        help="Stubs to work on at once (default: as many as fill the nodes)",
    ),
    Option(
        field="slots",
        name="supercharge-slots",
        parse=_natural,
        metavar="N",
        help="Sandbox containers to run at once (default: one a core)",
    ),
    Option(
        field="level",
        name="supercharge-level",
        parse=_level,
        metavar="LEVEL",
        help="2: test and candidate in one process, re-checked in two before acceptance; 3: always in two (default: 2)",
    ),
    Option(
        field="seed", name="supercharge-seed", parse=_natural, metavar="N", help="Seed of all sampling (default: 0)"
    ),
    Option(
        field="allow",
        name="supercharge-allow",
        parse=_text,
        many=True,
        metavar="NAME",
        help="Module, module.attribute or builtin that accepted code may use although its module does not yet",
    ),
    Option(
        field="gate",
        name="supercharge-gate",
        parse=_text,
        many=True,
        metavar="PATH",
        help="Project tests that gate acceptance (default: testpaths)",
    ),
    Option(
        field="dry_run",
        name="supercharge-dry-run",
        parse=None,
        help="Show the diff, write nothing and run no tests",
    ),
    Option(
        field="patch",
        name="supercharge-patch",
        parse=_path,
        metavar="FILE",
        help="Write the diff to FILE for git apply, change no source and run no tests",
    ),
    Option(
        field="check",
        name="supercharge-check",
        parse=None,
        help="Ask no model: fail when a stub is left, or when accepted code fails its evidence",
    ),
    Option(
        field="json", name="supercharge-json", parse=_path, metavar="FILE", help="Write the decisions to FILE as JSON"
    ),
)

COMMAND_LINE_ONLY = frozenset({"fill", "dry_run", "patch", "check", "json"})
_MODES = ("fill", "dry_run", "patch", "check")  # any of them makes a run of supercharge


def add_options(parser: pytest.Parser) -> None:
    """Declare every flag and ini key of the table."""
    group = parser.getgroup("supercharge", "writing marked functions")
    for option in TABLE:
        flag, dest = f"--{option.name}", f"supercharge_{option.field}"
        if option.parse is None:
            group.addoption(flag, dest=dest, action="store_true", default=False, help=option.help)
        else:
            action = "append" if option.many else "store"
            group.addoption(flag, dest=dest, action=action, default=None, metavar=option.metavar, help=option.help)
        if option.field not in COMMAND_LINE_ONLY:
            if option.many:
                parser.addini(option.key, option.help, type="linelist", default=None)
            else:
                parser.addini(option.key, option.help, type="string", default=None)


def is_active(config: pytest.Config) -> bool:
    """Whether the command line asks for anything that this plugin does."""
    return any(getattr(config.known_args_namespace, f"supercharge_{mode}", None) for mode in _MODES)
