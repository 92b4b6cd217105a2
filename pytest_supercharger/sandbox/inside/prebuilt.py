"""The `generated` profile: pytest's session made once in PID 1, so that a fork only collects and runs.

It uses parts of pytest that may change. Where they differ, `running` falls back to `pytest.main()`.
"""

from __future__ import annotations

import io
import linecache
import os
import re
import sys
import warnings
from collections.abc import Generator, Sequence
from importlib.util import find_spec
from typing import Any

import pytest
from _pytest._io import TerminalWriter
from _pytest.config import _prepareconfig
from _pytest.main import Session

from ..frames import encode
from .equality import prober
from .integrity import Check, executed, is_of, snapshot
from .modules import FOLDER, Module, TestModule, compile_module
from .reporting import Reporter

__all__ = ["PLUGINS", "Plain", "Prebuilt", "arguments"]

# Plugins that generated tests may rely on where the project's environment has them: the module that is the plugin.
PLUGINS = tuple(
    name
    for name in ("pytest_asyncio.plugin", "anyio.pytest_plugin", "_hypothesis_pytestplugin", "pytest_mock")
    if find_spec(name.partition(".")[0]) is not None
)
# What writes files or text, or collects garbage twice at the end of a session. "debugging" stays for unittest.
_UNWANTED = (
    *("cacheprovider", "terminal", "faulthandler", "unraisableexception", "threadexception", "pastebin"),
    *("stepwise", "setuponly", "setupplan"),
)
_ASYNC_ONLY = frozenset({"event_loop_policy"})  # fixtures of plugins that tests get unasked


def arguments() -> list[str]:
    """The options of a run of generated tests: no conftest, no ini file, few plugins, nothing printed."""
    options = ["--noconftest", "-c", "/dev/null", "--rootdir", FOLDER, "--confcutdir", FOLDER, "--capture=no"]
    for plugin in _UNWANTED:
        options += ["-p", f"no:{plugin}"]
    for plugin in PLUGINS:
        options += ["-p", plugin]
    if "pytest_asyncio.plugin" in PLUGINS:
        options += ["-o", "asyncio_mode=auto"]
    return options


class Plain:
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


_WARM_UP = """
import unittest

import pytest

@pytest.fixture
def one():
    return 1

@pytest.mark.parametrize("x", [1, 2])
def test_passes(one, x):
    assert one + x == x + 1
    assert one in [1, 2]
    with pytest.raises(ValueError, match="no"):
        raise ValueError("no")
    assert 0.1 + 0.2 == pytest.approx(0.3)

def test_fails():
    assert 1 == 2

class TestCase(unittest.TestCase):
    def test_case(self):
        self.assertEqual(1 + 1, 2)
"""
_PLAIN = """
def test_passes():
    assert 1 + 1 == 2
"""
# Tests whose pass goes through more that could be told to agree than the plain one's does.
_USES_MORE = re.compile(r"unittest|raises|approx|warns")
# What may put a function from elsewhere in the place of a test.
_DECORATED = re.compile(r"^[ \t]*@(?!pytest\.)", re.MULTILINE)
_WARM_UP_OUTCOMES = {
    "test_passes[1]": "passed",
    "test_passes[2]": "passed",
    "test_fails": "failed",
    "TestCase::test_case": "passed",
}


class _Genuine:
    """Sees to it that what runs as a test is what the test's module defines."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, object, object]:
        """Look at the function right before it is called."""
        module = pyfuncitem.getparent(Module)
        if module and not is_of(module.codes, pyfuncitem.obj) and not _DECORATED.search(module.source.source):
            self._reporter.odd = "another function runs in place of the test"
        return (yield)


class Prebuilt:
    """A configured session that has collected nothing yet."""

    def __init__(self) -> None:
        os.makedirs(FOLDER, exist_ok=True)
        before = os.environ.copy()
        for variable in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
            os.environ.pop(variable, None)
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        self.reporter = Reporter(lambda *messages: None)
        self._probe = prober(self.reporter.note_equal)
        try:
            # Recorded: no plugin's advice on the stream that tells the host why PID 1 ended. And the filters of a
            # session would be those of every other job.
            with warnings.catch_warnings(record=True):
                self._config = _prepareconfig(
                    [*arguments(), "--assert=plain"], [self.reporter, _Genuine(self.reporter), Plain()]
                )
                self._config._do_configure()
                self._session = Session.from_config(self._config)
                self._config.hook.pytest_sessionstart(session=self._session)
            # Of these an ordinary test gets none, so there must be none that matters to it.
            unasked = set(self._session._fixturemanager._getautousenames(self._session)) - _ASYNC_ONLY
            if unasked:
                raise RuntimeError(f"fixtures that every test gets: {', '.join(sorted(unasked))}")
            self._warm_up()
            self._ordinary, self._others = self._snapshot(_PLAIN, ordinary=True), self._snapshot(_PLAIN)
            self._all = self._snapshot(_WARM_UP)
        finally:
            os.environ.clear()
            os.environ.update(before)

    def changed(self, modules: Sequence[TestModule]) -> list[str]:
        """What decides outcomes and is not what it was before the fork.

        For a single plain test it is what a pass goes through; a fork pays for every object that is looked at.
        """
        if len(modules) > 1 or any(_USES_MORE.search(module.source) for module in modules):
            return self._all()
        return self._ordinary() if self._only_ordinary else self._others()

    def _snapshot(self, source: str, *, ordinary: bool = False) -> Check:
        with executed() as codes:
            self._run_own(source, ordinary=ordinary)
        return snapshot(self._config, codes)

    def _warm_up(self) -> None:
        """Run tests of our own here, so that no fork has to fill the caches of Python and pytest.

        Raises:
            RuntimeError: they come to something else than they should; this pytest is not one we know.
        """
        said = self._run_own(_WARM_UP)
        seen = {message["node"].partition("::")[2]: message["phases"][1] for message in said if "phases" in message}
        if seen != _WARM_UP_OUTCOMES:
            raise RuntimeError(f"tests of known outcome came to {seen}")

    def _run_own(self, source: str, *, ordinary: bool = False) -> list[dict[str, Any]]:
        said: list[dict[str, Any]] = []
        # Encoded as on the way to PID 1: that code decides outcomes too.
        self.reporter.send = lambda *messages: said.extend(message for message in messages if encode(message))
        code, tests = compile_module(source, f"{FOLDER}/test_warm_up.py")
        self.run([TestModule("test_warm_up", source, code, tests if ordinary else ())])
        self._session.testsfailed = self._session.testscollected = 0
        self._session.items = []
        self.reporter.collected = []
        del sys.modules["test_warm_up"], linecache.cache[f"{FOLDER}/test_warm_up.py"]
        return said

    def run(self, modules: Sequence[TestModule]) -> int:
        """Collect and run `modules` one after the other, each torn down before the next; pytest's exit status."""
        self._only_ordinary = True
        for module in modules:
            items = self._collect(module)
            for place, item in enumerate(items, 1):
                following = items[place] if place < len(items) else None
                self._config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if self._session.testsfailed:
            return int(pytest.ExitCode.TESTS_FAILED)
        return int(pytest.ExitCode.OK if self.reporter.collected else pytest.ExitCode.NO_TESTS_COLLECTED)

    def _collect(self, source: TestModule) -> Sequence[pytest.Item]:
        session, hook = self._session, self._config.hook
        module = Module.of(source, session, self._probe)
        session.items = [*module.ordinary_tests()] if source.ordinary else []
        if not session.items:
            self._only_ordinary = False
            session.items = list(session.genitems(module))
            hook.pytest_collection_modifyitems(session=session, config=self._config, items=session.items)
        session.testscollected += len(session.items)
        hook.pytest_collection_finish(session=session)
        return session.items
