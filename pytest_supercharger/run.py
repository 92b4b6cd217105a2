"""What a run of supercharge does to pytest's own run: starts ahead of it, ends it early, or adds failed reports.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_supercharger import (
    ending,
    finding,
    fits,
    forgetting,
    hooking,
    importing,
    jsonreport,
    redoing,
    reporting,
    rootdir,
    session,
    showing,
    stubreports,
    tracing,
)
from pytest_supercharger.domain import Decision, Outcome
from pytest_supercharger.errors import SuperchargeError, in_one_line
from pytest_supercharger.options import Settings
from pytest_supercharger.project import Project
from pytest_supercharger.reporting import Reporter
from pytest_supercharger.writeback import journal

if TYPE_CHECKING:
    from pytest_supercharger.sandbox.base import Sandbox
    from pytest_supercharger.solver import Generator as Model

__all__ = ["Run", "start"]

FILLED = "PYTEST_SUPERCHARGE_FILLED"  # set to the rootdir: xdist workers and the sandbox inherit it and stay inert

# Modes of pytest that look and do not run; none of them fills.
_LOOKING = ("help", "version", "markers", "showfixtures", "show_fixtures_per_test", "cacheshow", "setupplan")


def start(config: pytest.Config, settings: Settings) -> Run | None:
    """Fill the stubs of this project; None where the run must stay as it is.

    Raises:
        pytest.UsageError: the run cannot be carried out; nothing was changed.
    """
    namespace = config.known_args_namespace
    looking = any(getattr(namespace, name, None) for name in _LOOKING)
    if os.environ.get(FILLED) == str(config.rootpath) or looking:
        if settings.check and not namespace.help and not namespace.version:
            raise pytest.UsageError(_unchecked(looking=looking))
        return None
    if settings.check and namespace.collectonly:
        raise pytest.UsageError("--supercharge-check and --collect-only exclude each other; give one of them")
    rootdir.correct(config)
    run = Run(config, settings)
    with ending.in_order():
        _carry_out(run, settings, listing=namespace.collectonly)
    return run


def _unchecked(*, looking: bool) -> str:
    """Why a check would be left out; one that is asked for never is without a word."""
    if looking:
        return "--supercharge-check runs no test and lists nothing; leave out the flag that only looks"
    return f"--supercharge-check would check nothing: {FILLED} is set by a run that is under way; unset it"


def _carry_out(run: Run, settings: Settings, *, listing: bool) -> None:
    try:
        if listing:
            run.list_stubs()
        else:
            run.fill()
    except SuperchargeError as error:
        run.restore_environment()
        raise pytest.UsageError(str(error)) from None
    except KeyboardInterrupt:
        # Only UsageError may leave the hook: pytest would print a traceback for anything else.
        run.stopped = pytest.ExitCode.INTERRUPTED
        kept = "; accepted functions are kept and written by the next run" if settings.writes else ""
        run.reporter.line(f"interrupted{kept}")
    except Exception as error:  # a bug is told in one line, like everything else
        run.restore_environment()
        problem = f"supercharge failed: {in_one_line(error)}; please report this as a bug"
        raise pytest.UsageError(problem) from error


class Run:
    """One run of supercharge inside one run of pytest; registered as a plugin when it is on."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        """Nothing happens before `fill` or `list_stubs`."""
        self._config = config
        self._settings = settings
        self._root = config.rootpath
        self._previous = os.environ.get(FILLED)
        self._listing: list[str] = []
        self.reporter = Reporter(sys.stdout)
        self.outcomes: tuple[Outcome, ...] = ()
        self.stopped: int | None = None  # exit status, where the ordinary run is left out
        self._failed = False
        self._changed = False  # whether source files have changed
        self._problems: list[str] = []  # what went wrong after that
        os.environ[FILLED] = str(self._root)

    # -- ahead of pytest's own run

    def list_stubs(self) -> None:
        """Note what would be filled."""
        work = self._find()
        self._listing = [f"supercharge: {len(work.stubs)} stubs"]
        self._listing += [f"  {stub.id} ({stub.relpath}:{stub.line})" for stub in work.stubs]
        self._listing += [f"  {line}" for line in (*work.problems, *work.notes)]

    def fill(self) -> None:
        """Find the stubs and do what the settings say; prints progress, table and diff."""
        if self._settings.forget:
            self._end(forgotten=forgetting.forget(self._root, self._settings.forget, self.reporter))
            return
        work = self._find()
        finding.remaining_problems(work)
        for line in work.notes:
            self.reporter.line(line)
        if self._settings.check:
            self._check(work)
            return
        if self._settings.show_prompt:
            change = hooking.of(self._config.hook).question
            self._end(prompts=showing.show(work, self.reporter, seed=self._settings.seed, change=change))
            return
        if not work.stubs:
            if self._settings.writes:  # a run that was killed after its last write has left its journal
                journal.clear(self._root, ())
            self.reporter.line("no stubs marked @supercharge; nothing to fill")
            self._finish(())
            return
        touched = [*{stub.relpath: work.sources[stub.relpath] for stub in work.stubs}.values()]
        work.project.check_right_copy(touched, import_mode=self._config.known_args_namespace.importmode)
        if self._settings.writes:
            work.project.check_writable(touched)
        self.reporter.line(f"{len(work.stubs)} stubs to fill")
        with tracing.run("pytest --supercharge", os.environ, self.reporter.line) as span:
            finished = self._session(work).run()
            span.note(stubs=len(work.stubs), accepted=sum(map(_is_accepted, finished.outcomes)))
        self._changed = self._settings.writes and bool(finished.changes)
        for problem in finished.problems:
            self._tell(problem)
        with self._told():
            self._show(finished)
        more = {"saved_tests": [*finished.saved], "flaky_tests": [*finished.flaky]}
        self._finish(finished.outcomes, finished.calibration, more)
        if self._changed:
            self._stop_if_imported({change.path for change in finished.changes})

    def _session(self, work: finding.Work) -> session.Session:
        return session.Session(
            work,
            self._settings,
            sandbox=lambda: self._sandbox(work.project),
            generator=self._generator,
            reporter=self.reporter,
            calibration=fits.look_up,
            hooks=hooking.of(self._config.hook),
            test_folder=work.project.test_folder(self._config.getini("testpaths")),
        )

    def _find(self) -> finding.Work:
        paths = [str(path) for path in self._config.getini("pythonpath")]
        project = Project.discover(self._root, norecurse=self._config.getini("norecursedirs"), pythonpath=paths)
        work = finding.find(project)
        if self._settings.redo:
            work = redoing.open_again(work, self._settings.redo, others=self._settings.fill)
        return work if self._settings.check else finding.select(work, self._settings.only)

    def _check(self, work: finding.Work) -> None:
        from pytest_supercharger import checking

        found = checking.check(work, lambda: self._sandbox(work.project), self.reporter, self._settings)
        self._end(good=all(checked.passes for checked in found), checked=[checked.entry() for checked in found])

    def _end(self, *, good: bool = True, **entries: object) -> None:
        """End a mode that fills nothing."""
        if self._settings.json is not None:
            jsonreport.write_json(self._settings.json, (), more=entries)
        self.stopped = pytest.ExitCode.OK if good else pytest.ExitCode.TESTS_FAILED

    def _sandbox(self, project: Project) -> AbstractContextManager[Sandbox]:
        from pytest_supercharger import containers

        return containers.sandbox(project, self._settings, self.reporter.line)

    def _generator(self) -> AbstractContextManager[Model]:
        from pytest_supercharger import nodes

        quiet = self._config.known_args_namespace.verbose < 0
        return nodes.opened(self._settings, self.reporter.line, quiet=quiet)

    def _show(self, finished: session.Finished) -> None:
        self.reporter.block("\n" + reporting.table(finished.outcomes) + "\n")
        if finished.calibration:
            self.reporter.line(f"probabilities: {finished.calibration}")
        for outcome in finished.outcomes:
            if not _is_accepted(outcome):
                self.reporter.block(reporting.explain(outcome))
        if finished.diff:
            self.reporter.block("\n" + finished.diff)
        if self._settings.patch is not None:
            reporting.write_patch(self._settings.patch, finished.patch)
            self.reporter.line(f"the patch is in {self._settings.patch}; apply it with git apply")

    def _finish(
        self, outcomes: tuple[Outcome, ...], calibration: str = "", more: Mapping[str, object] | None = None
    ) -> None:
        self.outcomes = outcomes
        self._failed = not all(map(_is_accepted, outcomes))
        if self._settings.json is not None:
            with self._told():
                jsonreport.write_json(self._settings.json, outcomes, calibration, more)
        if not self._settings.runs_tests:
            self.stopped = pytest.ExitCode.TESTS_FAILED if self._failed else pytest.ExitCode.OK

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Once a file has changed, what goes wrong is told and makes the run a failed one, but ends nothing."""
        try:
            yield
        except Exception as error:  # as the docstring says: a plugin's, the disk's, ours
            if not self._changed:
                raise
            self._tell(in_one_line(error))

    def _tell(self, problem: str) -> None:
        self._problems.append(f"the files are written, but {problem}")
        self.reporter.line(self._problems[-1])

    def _stop_if_imported(self, written: set[Path]) -> None:
        stale = sorted(path.name for path in importing.imported_already(written))
        if stale:
            self.reporter.line(f"{', '.join(stale)} was imported before it was filled; run pytest again")
            self.stopped = pytest.ExitCode.TESTS_FAILED

    # -- hooks of pytest's own run

    def early_exit(self) -> int | None:
        """The exit status that ends pytest here, or None to go on."""
        if self.stopped is not None:
            self.restore_environment()
        return self.stopped

    def restore_environment(self) -> None:
        """Leave the environment as it was before the run."""
        if self._previous is None:
            os.environ.pop(FILLED, None)
        else:
            os.environ[FILLED] = self._previous

    def pytest_report_collectionfinish(self) -> list[str]:
        """List the stubs under `--collect-only`."""
        return self._listing

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, Any, Any]:
        """Add one failed report a stub that stayed open, so that terminal, JUnit and exit status all tell it."""
        try:
            return (yield)
        finally:
            for outcome in self.outcomes:
                if not _is_accepted(outcome):
                    session.ihook.pytest_runtest_logreport(report=stubreports.of_stub(outcome))
            for number, problem in enumerate(self._problems, start=1):
                session.ihook.pytest_runtest_logreport(report=stubreports.of_problem(problem, number))

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Show open stubs with a letter of their own."""
        if isinstance(report, stubreports.StubReport):
            return "failed", "S", report.word
        return None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        """A project without tests is fine when all its stubs were filled."""
        if session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and self.outcomes and not self._failed:
            session.exitstatus = pytest.ExitCode.OK
        return (yield)


def _is_accepted(outcome: Outcome) -> bool:
    return outcome.decision is Decision.ACCEPTED
