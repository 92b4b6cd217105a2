"""One table of flags and ini keys. Every run of pytest loads this module, so it stays small.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from pytest_supercharger import values

__all__ = ["COMMAND_LINE_ONLY", "INI_ONLY", "TABLE", "Option", "add_options", "is_active"]


Parse = Callable[[str, str], Any]


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
        parse=values.address,
        many=True,
        metavar="HOST:PORT",
        ini="supercharge_nodes",
        help="Model node to ask; may be given several times. Without one, a node is started for the run.",
    ),
    Option(
        field="model",
        name="supercharge-model",
        parse=values.words,
        metavar="NAME",
        help="Model of the node that is started when none is given (default: auto)",
    ),
    Option(
        field="only",
        name="supercharge-only",
        parse=values.words,
        many=True,
        metavar="GLOB",
        help="Fill only stubs whose module:qualname matches; may be given several times",
    ),
    Option(
        field="confidence",
        name="supercharge-confidence",
        parse=values.probability,
        metavar="P",
        help="Probability of being right from which a candidate is accepted (default: 0.95)",
    ),
    Option(
        field="samples",
        name="supercharge-samples",
        parse=values.count,
        metavar="N",
        help="Implementations to ask for, at most, a stub (default: 12)",
    ),
    Option(
        field="suites",
        name="supercharge-suites",
        parse=values.count,
        metavar="N",
        help="Test suites to ask for, at most, a stub (default: 6)",
    ),
    Option(
        field="repairs",
        name="supercharge-repairs",
        parse=values.natural,
        metavar="N",
        help="Repairs to ask for, at most, a stub (default: 3)",
    ),
    Option(
        field="time",
        name="supercharge-time",
        parse=values.seconds,
        metavar="SECONDS",
        help="Time to spend, at most, on a stub (default: 300)",
    ),
    Option(
        field="parallel",
        name="supercharge-parallel",
        parse=values.natural,
        metavar="N",
        help="Stubs to work on at once (default: as many as fill the nodes)",
    ),
    Option(
        field="slots",
        name="supercharge-slots",
        parse=values.natural,
        metavar="N",
        help="Sandbox containers to run at once (default: one a core)",
    ),
    Option(
        field="level",
        name="supercharge-level",
        parse=values.level,
        metavar="LEVEL",
        help="2: test and candidate in one process, re-checked in two before acceptance; 3: always in two (default: 2)",
    ),
    Option(
        field="test_seconds",
        name="supercharge-test-seconds",
        parse=values.seconds,
        metavar="SECONDS",
        help="CPU time that a test or call may take in the sandbox (default: 10)",
    ),
    Option(
        field="memory",
        name="supercharge-memory",
        parse=values.mebibytes,
        metavar="MIB",
        help="MiB of memory that a test may use in the sandbox (default: 512)",
    ),
    Option(
        field="processes",
        name="supercharge-processes",
        parse=values.count,
        help="Processes and threads that a test may have at once in the sandbox (default: 128)",
    ),
    Option(
        field="output",
        name="supercharge-output",
        parse=values.results,
        help="MiB of results that a test may send from the sandbox (default: 1)",
    ),
    Option(
        field="disk",
        name="supercharge-disk",
        parse=values.mebibytes,
        help="MiB that a test may write in the sandbox (default: 64)",
    ),
    Option(
        field="environment",
        name="supercharge-environment",
        parse=values.environment,
        metavar="NAME",
        help="What tests see in the sandbox: host, this machine's own interpreter and packages; image, one that is "
        "built from the project's declared dependencies; auto, host where the engine allows it (default: auto)",
    ),
    Option(
        field="install",
        name="supercharge-install",
        parse=values.distribution,
        many=True,
        metavar="NAME",
        help="Distribution that may be fetched for the sandbox where code needs it; * for any that is well known",
    ),
    Option(
        field="image",
        name="supercharge-image",
        parse=values.words,
        help="Base of the image that --supercharge-environment image builds (default: python:X.Y-slim)",
    ),
    Option(
        field="docker_hosts",
        name="supercharge-docker-hosts",
        parse=values.engine,
        many=True,
        help="Docker engines to spread the sandbox over: unix://PATH, tcp://HOST:PORT or ssh://USER@HOST "
        "(default: the one of DOCKER_HOST)",
    ),
    Option(
        field="runtime",
        name="supercharge-runtime",
        parse=values.words,
        help="Runtime of the Docker engine for the sandbox's containers, for example runsc (default: the engine's own)",
    ),
    Option(
        field="seed",
        name="supercharge-seed",
        parse=values.natural,
        metavar="N",
        help="Seed of all sampling (default: 0)",
    ),
    Option(
        field="allow",
        name="supercharge-allow",
        parse=values.words,
        many=True,
        metavar="NAME",
        help="Module, module.attribute or builtin that accepted code may use although its module does not yet",
    ),
    Option(
        field="gate",
        name="supercharge-gate",
        parse=values.words,
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
        parse=values.file,
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
        field="json",
        name="supercharge-json",
        parse=values.file,
        metavar="FILE",
        help="Write the decisions to FILE as JSON",
    ),
)

COMMAND_LINE_ONLY = frozenset({"fill", "dry_run", "patch", "check", "json"})
INI_ONLY = frozenset(
    {"processes", "output", "disk", "image", "runtime", "docker_hosts"}
)  # what is set once for a project
_MODES = ("fill", "dry_run", "patch", "check")  # any of them makes a run of supercharge


def add_options(parser: pytest.Parser) -> None:
    """Declare every flag and ini key of the table."""
    group = parser.getgroup("supercharge", "writing marked functions")
    for option in TABLE:
        flag, dest = f"--{option.name}", f"supercharge_{option.field}"
        if option.field in INI_ONLY:
            pass
        elif option.parse is None:
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
