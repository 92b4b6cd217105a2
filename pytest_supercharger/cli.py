"""The command `supercharger`: what is done beside pytest."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import pytest

from pytest_supercharger import values
from pytest_supercharger.errors import SettingsError, SuperchargeError, in_one_line
from pytest_supercharger.options import Settings

__all__ = ["main", "parser"]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line, without the whole usage above it."""
        self.exit(_fail(f"{message}; see {self.prog} --help", 2))


def parser() -> argparse.ArgumentParser:
    """Build the parser of the command line."""
    defaults = Settings()
    parser = _Parser(prog="supercharger", description="What pytest --supercharge needs beside pytest.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    calibrate = commands.add_parser(
        "calibrate",
        help="find out what a probability is worth for your model",
        description="Put tasks with known answers through your model and store what its probabilities are worth.",
    )
    add = calibrate.add_argument
    add("--node", type=_typed(values.address), action="append", default=[], metavar="HOST:PORT", help="to ask")
    add("--tasks", type=Path, action="append", default=[], metavar="FILE", help="of more tasks, as JSON lines")
    add("--samples", type=_typed(values.count), default=defaults.samples, metavar="N", help="codes a task")
    add("--suites", type=_typed(values.count), default=defaults.suites, metavar="N", help="test suites a task")
    add("--time", type=_typed(values.seconds), default=defaults.time, metavar="SECONDS", help="a task")
    add("--json", type=_typed(values.file), metavar="FILE", help="write the figures here")
    nodes = commands.add_parser(
        "nodes",
        help="show the model nodes and how they are",
        description="Ask every node who it is and how busy, and print one line each; 1 where one cannot be used.",
    )
    add = nodes.add_argument
    add("--node", type=_typed(values.address), action="append", default=[], metavar="HOST:PORT", help="to ask")
    add("--json", action="store_true", help="print JSON, not a table")
    cluster = commands.add_parser(
        "cluster",
        help="start model nodes on other machines over ssh",
        description="Start the nodes of a hosts file and keep them until Ctrl-C or `down`; `status` shows them.",
    )
    cluster.add_argument("action", choices=("up", "down", "status"))
    cluster.add_argument("hosts", type=Path, metavar="HOSTS.toml")
    return parser


def _typed(parse: Callable[[str, str], Any]) -> Callable[[str], Any]:
    """Read a value as the flags of pytest are read."""

    def read(text: str) -> Any:
        try:
            return parse("the value", text)
        except pytest.UsageError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns 0; 1 where something could not be carried out; 2 for a wrong option or file; 130 after Ctrl-C.
    """
    options = parser().parse_args(arguments)
    try:
        return {"calibrate": _calibrate, "nodes": _nodes, "cluster": _cluster}[options.command](options)
    except SettingsError as error:
        return _fail(str(error), 2)
    except SuperchargeError as error:
        return _fail(str(error), 1)
    except KeyboardInterrupt:
        return _fail("interrupted; run it again to go on where it stopped", 130)
    except Exception as error:  # a bug is told in one line, like everything else
        return _fail(f"{options.command} failed: {in_one_line(error)}; please report this as a bug", 1)


def _calibrate(options: argparse.Namespace) -> int:
    # Late: gRPC and Docker are not needed to tell that an option is wrong.
    from pytest_supercharger.calibrating.command import Calibrate
    from pytest_supercharger.reporting import Reporter

    settings = Settings(
        dry_run=True,
        nodes=tuple(options.node),
        samples=options.samples,
        suites=options.suites,
        time=options.time,
    )
    command = Calibrate(settings=settings, files=tuple(options.tasks), json=options.json, reporter=Reporter(sys.stdout))
    return command.run()


def _nodes(options: argparse.Namespace) -> int:
    from pytest_supercharger import nodes, nodetable
    from pytest_supercharger.pool.state import Standing

    found = nodes.look(Settings(nodes=tuple(options.node)))
    if options.json:
        print(json.dumps({"version": 1, "nodes": nodetable.entries(found)}, indent=2))
    else:
        print("\n".join(nodetable.table(found)))
    return int(any(node.standing is not Standing.UP for node in found))


def _cluster(options: argparse.Namespace) -> int:
    from pytest_supercharger import cluster

    def report(line: str) -> None:
        print(line, flush=True)

    actions = {"up": cluster.up, "down": cluster.down, "status": cluster.status}
    return actions[options.action](options.hosts, report)


def _fail(message: str, status: int) -> int:
    print(f"supercharger: {' '.join(message.split())}", file=sys.stderr, flush=True)
    return status
