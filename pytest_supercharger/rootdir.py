"""Keeps values of our flags from being taken for paths to tests.

pytest looks for its rootdir before it knows the flags of plugins: the FILE of `--supercharge-json FILE` is then a path
to tests, and once that file exists, the folder it lies in has a say in where the project's root and settings are. So
have folders given as a model. Written as `--supercharge-json=FILE` it is a flag to everybody.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from pytest_supercharger.flags import TABLE

__all__ = ["correct", "joined"]

_VALUED = frozenset(option.flag for option in TABLE if option.parse is not None)


def joined(arguments: Sequence[str]) -> tuple[str, ...]:
    """The same command line with `--flag=VALUE` for every `--flag VALUE` of ours."""
    result: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            return (*result, argument, *rest)
        value = next(rest, None) if argument in _VALUED else None
        result.append(argument if value is None else f"{argument}={value}")
    return tuple(result)


def correct(config: pytest.Config) -> None:
    """Start pytest again where a value of ours has misled it; does not return then.

    Raises:
        pytest.UsageError: it cannot be started again, as it was called from Python.
    """
    given = tuple(map(os.fspath, config.invocation_params.args))
    wanted = joined(given)
    if wanted == given:
        return
    misleading = next(_elsewhere(given, config.invocation_params.dir), None)
    if misleading is not None:
        _again(given, wanted, misleading)
    # Workers of xdist read the command line anew, and by then the files that we write exist.
    config.invocation_params = pytest.Config.InvocationParams(
        args=wanted, plugins=config.invocation_params.plugins, dir=config.invocation_params.dir
    )


def _elsewhere(arguments: Sequence[str], folder: Path) -> Iterator[tuple[str, str]]:
    """Flags and values that are existing paths outside of the working directory, where they could do no harm."""
    for flag, value in itertools.pairwise(arguments):
        path = folder / value
        if flag in _VALUED and _exists(path) and not path.resolve().is_relative_to(folder.resolve()):
            yield flag, value


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # no name that a file could have
        return False


def _again(given: Sequence[str], wanted: Sequence[str], misleading: tuple[str, str]) -> None:
    command = sys.orig_argv
    if not given or tuple(command[-len(given) :]) != tuple(given):
        flag, value = misleading
        raise pytest.UsageError(f"pytest takes {value} for a path to tests; write {flag}={value}")
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [*command[: -len(given)], *wanted])
