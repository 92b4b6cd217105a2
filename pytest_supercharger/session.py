"""One run: find, reach, search, join, write, record. Each step is one function here."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_supercharger import evidence, joining, keeping, remembering, running, stubthreads, tracing, writing
from pytest_supercharger.bench import Bench
from pytest_supercharger.calibration import SHIPPED, Calibration
from pytest_supercharger.dependencies import Dependencies
from pytest_supercharger.domain import Decision, Outcome, Question, Stub
from pytest_supercharger.errors import SuperchargeError, in_one_line
from pytest_supercharger.finding import Work
from pytest_supercharger.ledger import Ledger
from pytest_supercharger.matrix import Matrix
from pytest_supercharger.options import Settings
from pytest_supercharger.projecttests import ProjectTests
from pytest_supercharger.reporting import Reporter
from pytest_supercharger.sandbox.base import Sandbox
from pytest_supercharger.sandbox.opened import Opened
from pytest_supercharger.sandbox.traced import Traced
from pytest_supercharger.services import Services
from pytest_supercharger.solver import Generator, Solver
from pytest_supercharger.splitting import Splitting
from pytest_supercharger.writeback import files, patch, verify

_SAMPLES_AT_ONCE = 8  # of one stub: the first codes and the first suite
_MOST_STUBS = 16

__all__ = ["Hooks", "Session"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What other plugins, and benchmarks, may do; the defaults do nothing."""

    question: Callable[[Question], Question] = lambda question: question
    refuse: Callable[[Outcome], str | None] = lambda outcome: None
    searched: Callable[[Outcome, Matrix], None] = lambda outcome, matrix: None  # with all that is known of a stub
    written: Callable[[Outcome, Path], None] = lambda outcome, path: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What a run came to."""

    outcomes: tuple[Outcome, ...]
    changes: tuple[files.Change, ...]
    diff: str  # for people
    patch: bytes  # for `git apply`
    problems: tuple[str, ...] = ()  # what went wrong once files had changed
    calibration: str = ""  # where the probabilities come from; "" where nothing was searched
    saved: tuple[str, ...] = ()  # test files, relative to the root
    flaky: tuple[str, ...] = ()  # node ids of project tests that do not gate, as they do not do the same each time


class Session:
    """Runs the steps over work that was found."""

    def __init__(
        self,
        work: Work,
        settings: Settings,
        *,
        sandbox: Callable[[], AbstractContextManager[Sandbox]],
        generator: Callable[[], AbstractContextManager[Generator]],
        reporter: Reporter,
        calibration: Callable[[Generator], Calibration] = lambda generator: SHIPPED,
        hooks: Hooks | None = None,
        test_folder: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`sandbox` and `generator` open what a run needs; they are called once, when there is something to do.

        `calibration` says what a probability is worth with the model that answers, `test_folder` where tests are
        saved.
        """
        self._work = work
        self._settings = settings
        self._open_sandbox = sandbox
        self._open_generator = generator
        self._reporter = reporter
        self._find_calibration = calibration
        self._calibration = ""
        self._flaky: tuple[str, ...] = ()
        self._hooks = hooks or Hooks()
        self._test_folder = test_folder or work.project.root
        self._clock = clock

    def run(self) -> Finished:
        """Fill the stubs; files change only in the last step, and only where the settings say so.

        Raises:
            SuperchargeError: the run cannot be carried out; no file was changed.
        """
        again = self._work.again
        ledger = Ledger(self._work.sources, self._work.stubs, again=again, style=self._work.project.import_style())
        with self._open_sandbox() as opened:
            sandbox = Traced(Opened(opened, {relpath: file.marked.data for relpath, file in again.items()}))
            settings, say = self._settings, self._reporter.line
            bench = Bench(
                tests=self._reach(sandbox),
                ledger=ledger,
                splitting=Splitting(sandbox, level=settings.level, seed=settings.seed, report=say),
                dependencies=Dependencies(sandbox, settings.install, report=say),
            )
            records: dict[str, evidence.Record] = {}
            untold = self._untold(bench)
            remembered = self._recall([stub for stub in self._work.stubs if stub.id not in untold], bench, records)
            todo = [stub for stub in self._work.stubs if stub.id not in remembered | untold]
            outcomes = {**remembered, **untold, **self._search(todo, bench, records)}
            outcomes = joining.join(outcomes, records, bench)
            tests = self._keep(bench, records)
            self._flaky = bench.tests.flaky
        ordered = tuple(self._marked(outcomes[stub.id]) for stub in self._work.stubs)
        return self._write(ordered, ledger, records, tests)

    def _reach(self, sandbox: Sandbox) -> ProjectTests:
        """Step 2: which project tests reach which stub."""
        tests = ProjectTests(sandbox, self._settings.gate or None)
        for line in (*tests.discover(), *tests.repeat()):
            self._reporter.line(line)
        reaching = len(tests.reaching([stub.id for stub in self._work.stubs]))
        self._reporter.line(f"{tests.collected} project tests, {reaching} of them reach a stub")
        return tests

    def _recall(self, stubs: Sequence[Stub], bench: Bench, records: dict[str, evidence.Record]) -> dict[str, Outcome]:
        """What an interrupted run had accepted already."""
        outcomes: dict[str, Outcome] = {}
        work = self._work

        def refuse(outcome: Outcome) -> str | None:
            try:
                reason = self._hooks.refuse(outcome)
            except Exception as error:  # in the search that follows it is that stub's error
                reason = in_one_line(error)
            if reason is not None:
                self._reporter.line(f"{outcome.stub.id}: what an interrupted run kept is refused by a plugin: {reason}")
            return reason

        found = remembering.kept(work.project.root, work.sources, stubs, self._settings, bench, refuse, work.on_disk)
        for outcome, record in found:
            outcomes[outcome.stub.id], records[outcome.stub.id] = outcome, record
            self._reporter.line(f"{outcome.stub.id}: kept from an interrupted run")
        return outcomes

    def _untold(self, bench: Bench) -> dict[str, Outcome]:
        """The stubs that cannot be tested here, as another definition of their name runs."""
        places = [running.place_of(stub, self._work.sources[stub.relpath]) for stub in self._work.stubs]
        doubts = running.doubts(bench.splitting.sandbox, places)
        outcomes = {}
        for stub in self._work.stubs:
            if stub.id in doubts:
                reason = f"cannot be tested here: {doubts[stub.id]}; fill it where it runs, or write its body by hand"
                outcomes[stub.id] = Outcome(stub=stub, decision=Decision.ABSTAINED, reason=reason)
                bench.ledger.settle(outcomes[stub.id])
                self._reporter.line(f"{stub.id}: {reason}")
        return outcomes

    def _search(self, todo: Sequence[Stub], bench: Bench, records: dict[str, evidence.Record]) -> dict[str, Outcome]:
        """Steps 3: several stubs at once, each in a thread of its own."""
        if not todo:
            return {}
        with self._open_generator() as generator:
            calibration = self._find_calibration(generator)
            self._calibration = calibration.name
            services = Services(
                generator=generator,
                bench=bench,
                reporter=self._reporter,
                clock=self._clock,
                question=self._hooks.question,
                style=self._work.project.style(),
                neighbours=self._work.project.neighbours,
                turn=threading.Semaphore(self._settings.parallel or _fitting(generator)),
                calibration=calibration,
            )

            def solve(stub: Stub) -> Outcome:
                try:
                    with tracing.span("stub", stub=stub.id) as span:
                        outcome = self._solve(stub, services, records)
                        span.note(**_figures(outcome))
                except Exception as error:  # a failure of one stub is that stub's decision; the others go on
                    bench.ledger.withdraw(stub.id)
                    ours = isinstance(error, SuperchargeError)
                    reason = in_one_line(error) if ours else f"internal error: {in_one_line(error)}"
                    outcome = bench.ledger.settle(Outcome(stub=stub, decision=Decision.ERROR, reason=reason))
                self._reporter.line(f"{stub.id}: {outcome.decision.value} ({outcome.reason})")
                return outcome

            return {outcome.stub.id: outcome for outcome in stubthreads.each(solve, todo, services)}

    def _solve(self, stub: Stub, services: Services, records: dict[str, evidence.Record]) -> Outcome:
        source = self._work.sources[stub.relpath]
        solver = Solver(stub, source, services, self._settings)
        outcome = services.bench.ledger.settle(self._veto(solver.solve()))
        if outcome.decision is Decision.ACCEPTED:
            records[stub.id] = solver.record(outcome)
            if self._settings.writes:
                remembering.keep(self._work.project.root, self._work.on_disk(stub.relpath), outcome, records[stub.id])
        self._hooks.searched(outcome, solver.matrix)
        return outcome

    def _veto(self, outcome: Outcome) -> Outcome:
        reason = self._hooks.refuse(outcome) if outcome.decision is Decision.ACCEPTED else None
        if reason is None:
            return outcome
        return replace(outcome, decision=Decision.ABSTAINED, reason=f"refused by a plugin: {reason}", candidate=None)

    def _marked(self, outcome: Outcome) -> Outcome:
        """The outcome, which says so where the function was filled before."""
        again = self._work.again.get(outcome.stub.relpath)
        if again is None or outcome.stub.id not in again.old:
            return outcome
        kept = "" if outcome.decision is Decision.ACCEPTED else "; the body that it has stays"
        return replace(outcome, redo=True, reason=outcome.reason + kept)

    def _keep(self, bench: Bench, records: dict[str, evidence.Record]) -> tuple[keeping.File, ...]:
        """The generated tests that are to be saved; what goes wrong with them costs no accepted function."""
        if not self._settings.save_tests:
            return ()
        project, say = self._work.project, self._reporter.line
        allow = frozenset(self._settings.allow)
        place = keeping.Place(root=project.root, folder=self._test_folder, style=project.style(), allow=allow, say=say)
        try:
            return keeping.prepare(place, self._work.stubs, records, bench)
        except SuperchargeError as error:
            say(f"no generated test is saved: {error}")
            return ()

    def _write(
        self,
        outcomes: tuple[Outcome, ...],
        ledger: Ledger,
        records: dict[str, evidence.Record],
        tests: tuple[keeping.File, ...],
    ) -> Finished:
        """Steps 5 and 6: verify every file, then write them all, then the evidence."""
        root, sources = self._work.project.root, self._work.sources
        new = {path: data for path, data in ledger.overlay().items() if data != self._work.on_disk(path)}
        for relpath, data in new.items():
            fillings = ledger.as_written(relpath)
            # A refusal here is a defect of ours, not of a candidate: better no file at all than a wrong one.
            verify.verify(ledger.before(relpath), data, fillings, requires_python=self._work.project.requires_python)
        triples = [(relpath, self._work.on_disk(relpath), data) for relpath, data in sorted(new.items())]
        changes = tuple(
            files.Change(path=sources[relpath].path, old_sha256=files.sha256(old), new=data)
            for relpath, old, data in triples
        )
        for outcome in outcomes:
            if outcome.decision is Decision.ACCEPTED and outcome.stub.relpath in new:
                # Beside the others it may have got other names.
                record = evidence.as_written(records[outcome.stub.id], outcome.stub, new[outcome.stub.relpath])
                records[outcome.stub.id] = record
        problems: tuple[str, ...] = ()
        saved: tuple[str, ...] = ()
        if self._settings.writes:
            with tracing.span("write", files=len(changes)):
                outcomes, problems = writing.write(root, changes, outcomes, records, tell=self._hooks.written)
            saved, wrong = keeping.write(tests, outcomes, self._reporter.line)
            problems += wrong
        return Finished(
            outcomes=outcomes,
            changes=changes,
            diff=patch.diff_for_people(triples),
            patch=patch.unified(triples),
            problems=problems,
            calibration=self._calibration,
            saved=saved,
            flaky=self._flaky,
        )


def _fitting(generator: Generator) -> int:
    """How many stubs keep the nodes busy; more would only make each of them wait for its answers."""
    return max(1, min(_MOST_STUBS, generator.max_batch_samples // _SAMPLES_AT_ONCE))


def _figures(outcome: Outcome) -> dict[str, tracing.Figure]:
    """What a span says of a stub; the reason is text that may quote code."""
    return {
        "decision": outcome.decision.value,
        "probability": outcome.probability,
        "candidates": outcome.candidates,
        "tests": outcome.tests,
        "samples": outcome.samples,
        "tokens": outcome.tokens,
    }
