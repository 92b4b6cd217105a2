"""The `gate` job: the project's own tests in a writable copy of the project, with its own ini, conftest and plugins."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from . import overlay
from .reporting import Reporter, describe, record_stubs

if TYPE_CHECKING:
    from collections.abc import Generator

    from .child import Channel, Job

__all__ = ["main"]

_HOME = "/tmp/home"
_OUTPUT = "/tmp/pytest-output"  # what pytest prints: for the message of a run that pytest itself gives up
_REACHED = "/tmp/supercharge-reached"  # where stubs are noted that processes of a test have called
_DETAIL = 500  # characters a failure: a suite may have thousands of them


def main(job: Job, channel: Channel) -> None:
    """Run project tests in this process and send what came of each."""
    project = job["project"]
    overlay.copy_project(job["overlay"], job["snapshot"], project)
    _settle(project, job["roots"])
    reporter = Reporter(channel.send, detail=_DETAIL, reached=_REACHED)
    record_stubs(channel.send, reporter)
    wanted = job["nodeids"]
    files = [] if wanted is None else _files(wanted)
    if wanted is not None and not files:
        channel.send({"type": "end", "exit": int(pytest.ExitCode.NO_TESTS_COLLECTED), "collected": []})
        return
    sys.argv = ["pytest", *files]
    plugin = _Gate(None if wanted is None else {_plain(nodeid) for nodeid in wanted}, set(job["finished"]))
    try:
        status = int(pytest.main(["--rootdir", project, *files], plugins=[reporter, plugin]))
        tail = _tail()
    except (
        Exception
    ) as error:  # what pytest itself does not survive, such as a warning that the ini file makes an error
        status, tail = int(pytest.ExitCode.INTERNAL_ERROR), describe(error)
    channel.send({"type": "end", "exit": status, "collected": [], "tail": tail})


def _settle(project: str, roots: list[str]) -> None:
    os.makedirs(_HOME, exist_ok=True)
    os.chdir(project)
    output = os.open(_OUTPUT, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    # PID 1 has its own on /dev/null.
    sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
    for variable in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTHONPATH"):
        os.environ.pop(variable, None)
    theirs = [os.environ.pop("PYTEST_SUPERCHARGE_PYTHONPATH", ""), _marker_folder()]
    if any(theirs):
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, theirs))  # for the processes that tests start
    os.environ["HOME"] = _HOME
    os.environ["PYTEST_SUPERCHARGE_FILLED"] = project
    os.environ["PYTEST_SUPERCHARGE_REACHED"] = _REACHED
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    overlay.import_from(project, roots)
    _excuse_preloaded()


def _marker_folder() -> str:
    """Where the marker lies that this process has and another one would not find; "" where the environment has it."""
    spec = find_spec("pytest_supercharger")
    folder = os.path.dirname(os.path.dirname(spec.origin)) if spec is not None and spec.origin else ""
    return folder if folder == f"{os.path.dirname(os.path.dirname(__file__))}/lib" else ""


def _excuse_preloaded() -> None:
    """Let pytest not warn that it cannot rewrite plugins PID 1 has imported: an ini file may make warnings errors."""
    for name, module in [*sys.modules.items()]:
        if name.partition(".")[0] not in sys.stdlib_module_names and isinstance(module, ModuleType):
            module.__doc__ = f"{module.__doc__ or ''}\nPYTEST_DONT_REWRITE"


def _tail() -> str:
    sys.stdout.flush()
    sys.stderr.flush()
    with open(_OUTPUT, "rb") as stream:
        stream.seek(max(0, os.path.getsize(_OUTPUT) - 1_500))
        return stream.read(1_500).decode("utf-8", "replace").strip()


def _files(nodeids: list[str]) -> list[str]:
    # Files rather than node ids: one id that is gone would be a usage error that ends the whole run.
    names = dict.fromkeys(_plain(nodeid).partition("::")[0] for nodeid in nodeids)
    return [name for name in names if os.path.exists(name)]


def _plain(nodeid: str) -> str:
    return nodeid.removeprefix("./").rstrip("/") or "."


class _Gate:
    """Selects the wanted tests and switches off what would change, hide or cut short their results."""

    def __init__(self, wanted: set[str] | None, finished: set[str]) -> None:
        self._wanted, self._finished = wanted, finished

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(self, early_config: pytest.Config) -> Generator[None, None, None]:
        """Switch coverage off before its plugin starts to measure."""
        known: Any = early_config.known_args_namespace
        if hasattr(known, "cov_source"):
            known.cov_source, known.no_cov = [], True
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> Generator[None, object, object]:
        """Overrule options of the project, which must still parse, so nothing is taken out of addopts."""
        option = config.option
        for name, value in (
            ("numprocesses", None),
            ("dist", "no"),
            ("distload", False),
            ("looponfail", False),
            ("tx", []),
            ("cov_source", []),
            ("no_cov", True),
            ("maxfail", 0),
            ("reruns", 0),
            ("usepdb", False),
            ("stepwise", False),
            ("stepwise_skip", False),
            ("stepwise_reset", False),
            ("lf", False),
            ("supercharge", False),
            ("continue_on_collection_errors", True),
            ("tbstyle", "no"),
        ):
            if hasattr(option, name):
                setattr(option, name, value)
        return (yield)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keep the tests that are wanted and not finished in an earlier part of this run."""
        kept = [item for item in items if self._is_wanted(item.nodeid) and item.nodeid not in self._finished]
        dropped = [item for item in items if item not in set(kept)]
        if dropped:
            config.hook.pytest_deselected(items=dropped)
            items[:] = kept

    def _is_wanted(self, nodeid: str) -> bool:
        if self._wanted is None:
            return True
        path, *names = nodeid.partition("[")[0].split("::")
        places = ["::".join([path, *names[:count]]) for count in range(len(names) + 1)]
        folders = path.split("/")
        places += ["/".join(folders[:count]) or "." for count in range(len(folders))]
        return nodeid in self._wanted or not self._wanted.isdisjoint(places)
