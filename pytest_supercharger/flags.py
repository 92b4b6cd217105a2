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
    """One row of the table: a flag, its ini key, and how their text is read."""

    field: str  # of Settings
    parse: Parse | None  # None: a switch
    help: str
    metavar: str | None = None
    many: bool = False
    name: str = ""  # of the flag, without the two dashes, where it is not the field's

    @property
    def flag(self) -> str:
        """The flag."""
        return f"--{self.name or self.key.replace('_', '-')}"

    @property
    def key(self) -> str:
        """The ini key; command-line modes have none."""
        return f"supercharge_{self.field}"


TABLE = (
    Option("fill", None, "Fill the functions marked @supercharge, then run the tests", name="supercharge"),
    Option(
        "nodes",
        values.address,
        "Model node to ask, or dns:///NAME:PORT for all addresses of a name; may be given several times. Without one, "
        "those of SUPERCHARGER_NODES, else a node is started for the run.",
        metavar="HOST:PORT",
        many=True,
        name="supercharge-node",
    ),
    Option(
        "digests",
        values.words,
        "Digests of the models that nodes may have; any other is refused (default: those they have as the run begins)",
        many=True,
    ),
    Option(
        "model", values.words, "Model of the node that is started when none is given (default: auto)", metavar="NAME"
    ),
    Option(
        "only",
        values.words,
        "Fill only stubs whose module:qualname matches; may be given several times",
        metavar="GLOB",
        many=True,
    ),
    Option(
        "confidence",
        values.probability,
        "Probability of being right from which a candidate is accepted (default: 0.95)",
        metavar="P",
    ),
    Option("samples", values.count, "Implementations to ask for, at most, a stub (default: 12)", metavar="N"),
    Option("suites", values.count, "Test suites to ask for, at most, a stub (default: 6)", metavar="N"),
    Option("repairs", values.natural, "Repairs to ask for, at most, a stub (default: 3)", metavar="N"),
    Option("time", values.seconds, "Time to spend, at most, on a stub (default: 300)", metavar="SECONDS"),
    Option(
        "tokens", values.natural, "Tokens to generate, at most, for a stub; 0: any number (default: 0)", metavar="N"
    ),
    Option("parallel", values.natural, "Stubs to work on at once (default: as many as fill the nodes)", metavar="N"),
    Option("slots", values.natural, "Sandbox containers to run at once (default: one a core)", metavar="N"),
    Option(
        "level",
        values.level,
        "2: test and candidate in one process, re-checked in two before acceptance; "
        "3: in two wherever a test allows it (default: 2)",
        metavar="LEVEL",
    ),
    Option(
        "test_seconds",
        values.seconds,
        "CPU time that a test or call may take in the sandbox (default: 10)",
        metavar="SECONDS",
    ),
    Option(
        "memory", values.mebibytes, "MiB of memory that a test may use in the sandbox (default: 512)", metavar="MIB"
    ),
    Option(
        "processes", values.count, "Processes and threads that a test may have at once in the sandbox (default: 128)"
    ),
    Option("output", values.results, "MiB of results that a test may send from the sandbox (default: 1)"),
    Option("disk", values.mebibytes, "MiB that a test may write in the sandbox (default: 64)"),
    Option(
        "environment",
        values.environment,
        "What tests see in the sandbox: host, this machine's own interpreter and packages; image, one that is "
        "built from the project's declared dependencies; auto, host where the engine allows it (default: "
        "auto)",
        metavar="NAME",
    ),
    Option(
        "install",
        values.distribution,
        "Distribution that may be fetched for the sandbox where code needs it; * for any that is well known",
        metavar="NAME",
        many=True,
    ),
    Option(
        "image",
        values.words,
        "Base of the image that --supercharge-environment image builds (default: python:X.Y-slim)",
    ),
    Option(
        "docker_hosts",
        values.engine,
        "Docker engines to spread the sandbox over: unix://PATH, tcp://HOST:PORT or ssh://USER@HOST (default: "
        "the one of DOCKER_HOST)",
        many=True,
    ),
    Option(
        "runtime",
        values.words,
        "Runtime of the Docker engine for the sandbox's containers, for example runsc (default: the engine's own)",
    ),
    Option("seed", values.natural, "Seed of all sampling (default: 0)", metavar="N"),
    Option(
        "allow",
        values.words,
        "Module, module.attribute or builtin that accepted code may use although its module does not yet",
        metavar="NAME",
        many=True,
    ),
    Option("gate", values.words, "Project tests that gate acceptance (default: testpaths)", metavar="PATH", many=True),
    Option("dry_run", None, "Show the diff, write nothing and run no tests"),
    Option(
        "patch", values.file, "Write the diff to FILE for git apply, change no source and run no tests", metavar="FILE"
    ),
    Option(
        "redo",
        values.words,
        "Open an accepted function again and fill it anew; what it was stays where nothing is accepted. May be given "
        "several times",
        metavar="GLOB",
        many=True,
    ),
    Option(
        "save_tests",
        None,
        "Write the generated tests that earned their vote into the project's test folder; they run outside of the "
        "sandbox from then on",
    ),
    Option(
        "show_prompt",
        None,
        "Print what a model would be asked for each stub, and how long it is; ask none, run no tests",
    ),
    Option("check", None, "Ask no model: fail when a stub is left, or when accepted code fails its evidence"),
    Option(
        "forget",
        values.words,
        "Delete the evidence of an accepted function, whose body is your own from then on; may be given several times",
        metavar="GLOB",
        many=True,
    ),
    Option("json", values.file, "Write the decisions to FILE as JSON", metavar="FILE"),
)

COMMAND_LINE_ONLY = frozenset(
    {"fill", "dry_run", "patch", "redo", "save_tests", "show_prompt", "check", "forget", "json"}
)
INI_ONLY = frozenset(
    {"processes", "output", "disk", "image", "runtime", "docker_hosts", "digests"}
)  # what is set once for a project
# Any of them makes a run of supercharge.
_MODES = ("fill", "dry_run", "patch", "redo", "save_tests", "show_prompt", "check", "forget")


def add_options(parser: pytest.Parser) -> None:
    """Declare every flag and ini key of the table."""
    group = parser.getgroup("supercharge", "writing marked functions")
    for option in TABLE:
        flag, dest = option.flag, option.key
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
