"""The `tests` job: one generated test against the project with a candidate in it; no conftest, few plugins."""

from __future__ import annotations

import io
import os
import secrets
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from _pytest._io import TerminalWriter

from . import overlay
from .reporting import Reporter, record_stubs

if TYPE_CHECKING:
    from .child import Channel, Job

__all__ = ["FOLDER", "PLUGINS", "main"]

FOLDER = "/tmp/p"

# Plugins that generated tests may rely on where the project's environment has them: the module that is the plugin.
PLUGINS = tuple(
    name
    for name in ("pytest_asyncio.plugin", "anyio.pytest_plugin", "_hypothesis_pytestplugin", "pytest_mock")
    if find_spec(name.partition(".")[0]) is not None
)


def main(job: Job, channel: Channel) -> None:
    """Run the test of `job` in this process and send what came of it."""
    name = f"test_{secrets.token_hex(8)}.py"
    os.makedirs(FOLDER)
    os.chdir(FOLDER)
    with open(name, "wb") as stream:
        stream.write(job["test"]["source"].encode("utf-8", "surrogatepass"))
    for variable in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(variable, None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    overlay.install(overlay.decode(job["overlay"]), job["snapshot"], job["roots"])
    reporter = Reporter(channel.send)
    record_stubs(channel.send, reporter)
    sys.argv = ["pytest", name]
    status = pytest.main(_arguments(name), plugins=[reporter, _Plain()])
    channel.send({"type": "end", "exit": int(status), "collected": reporter.collected[:10_000]})


def _arguments(name: str) -> list[str]:
    options = ["-p", "no:cacheprovider", "-p", "no:terminal", "-p", "no:faulthandler", "--noconftest"]
    options += ["-c", "/dev/null", "--rootdir", FOLDER, "--confcutdir", FOLDER]
    options += ["-p", "no:unraisableexception"]  # it collects garbage twice at the end, a third of the whole run
    for plugin in PLUGINS:
        options += ["-p", plugin]
    if "pytest_asyncio.plugin" in PLUGINS:
        options += ["-o", "asyncio_mode=auto"]
    return [*options, f"{FOLDER}/{name}"]


class _Plain:
    """Settings without a flag of their own once the terminal plugin is off."""

    def pytest_configure(self, config: pytest.Config) -> None:
        """Skip rendering source of failures nobody reads, and make Hypothesis say the same thing on every run."""
        config.option.tbstyle = "no"
        # Before pytest 9, explaining a failed comparison takes the writer of the terminal plugin.
        config.pluginmanager.register(_Terminal(), "terminalreporter")
        if "_hypothesis_pytestplugin" in PLUGINS:
            _steady_hypothesis()


class _Terminal:
    def __init__(self) -> None:
        self._tw = TerminalWriter(io.StringIO())


def _steady_hypothesis() -> None:
    from hypothesis import settings

    settings.register_profile("supercharge", deadline=None, derandomize=True, database=None)
    settings.load_profile("supercharge")
