"""The search for one stub: ask, clean, check, weigh, until the policy accepts or abstains."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from pytest_supercharger import agreement, budget, context, evidence, expecting, repairing, search, source, trusted
from pytest_supercharger.agreement import Assessment
from pytest_supercharger.bench import Bench
from pytest_supercharger.checker import Checker
from pytest_supercharger.clean.layout import Style
from pytest_supercharger.dispute import dispute
from pytest_supercharger.domain import Candidate, Decision, Outcome, Question, SourceFile, Stub
from pytest_supercharger.inflight import Arrival, Generator, Requests
from pytest_supercharger.matrix import Matrix
from pytest_supercharger.options import Settings
from pytest_supercharger.questioner import Questioner
from pytest_supercharger.reporting import Reporter
from pytest_supercharger.sampler import Sampler

__all__ = ["Generator", "Services", "Solver"]

SAMPLES_AT_ONCE = 8  # of one stub: the first codes and the first suite
_CHARACTERS_A_TOKEN = 2.5  # of source code, on the safe side
_ANSWER_TOKENS = 1024  # kept free for the template's own words and the answer
_POLL_SECONDS = 0.5  # how soon a stop is noticed while the model thinks


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What every solver of a run shares."""

    generator: Generator
    bench: Bench
    reporter: Reporter
    clock: Callable[[], float]
    question: Callable[[Question], Question]
    style: Style
    neighbours: Callable[[SourceFile], Mapping[str, SourceFile]]
    turn: threading.Semaphore  # how many stubs are worked on at once
    stop: threading.Event = field(default_factory=threading.Event)


class Solver:
    """Searches a body for one stub; `solve` once, then `record`."""

    def __init__(self, stub: Stub, file: SourceFile, services: Services, settings: Settings) -> None:
        """Nothing is asked before `solve`."""
        self.stub = stub
        self._file = file
        self._services = services
        self._settings = settings
        self._policy = budget.of(stub, settings)
        self._rng = random.Random(f"{settings.seed}:{stub.id}")
        self._progress = search.Progress()
        self._matrix = Matrix(stub=stub, trusted=trusted.examples(stub))
        self._waited = 0.0  # seconds spent waiting for other stubs
        self._started = 0.0

    def solve(self) -> Outcome:
        """Search until accepted, hopeless, or out of budget.

        Raises:
            SuperchargeError: the stub does not fit the model, or node or sandbox broke.
        """
        with self._services.turn:
            self._started = self._services.clock()
            self._requests = Requests(self._services.generator)
            self._checker = self._make_checker()
            self._sampler = self._make_sampler()
            try:
                return self._loop()
            finally:
                self._requests.close()

    @property
    def matrix(self) -> Matrix:
        """Everything the search has found out so far."""
        return self._matrix

    def record(self, outcome: Outcome) -> evidence.Record:
        """The evidence of an accepted outcome."""
        assert outcome.candidate is not None, "only accepted outcomes have evidence"
        written = self._services.bench.ledger.overlay([(self.stub, outcome.candidate)])[self.stub.relpath]
        return evidence.make(
            self.stub,
            outcome.candidate,
            written,
            probability=outcome.probability,
            model=self._services.generator.model,
            candidates=outcome.candidates,
            samples=outcome.samples,
            tests=self._matrix.tests_passed(outcome.candidate.id),
            gate=self._matrix.gate_tests(outcome.candidate.id),
            wheels=self._services.bench.dependencies.wheels(outcome.candidate),
        )

    # -- the loop

    def _loop(self) -> Outcome:
        while True:
            stopped = "the run was stopped" if self._services.stop.is_set() else ""
            self._progress = replace(
                self._progress,
                seconds=self._seconds(),
                parents=repairing.parents(self._matrix, self._sampler.tries, self._progress.assessment),
                improvable=bool(self._matrix.tests),
                disputed=expecting.inputs(self._matrix, self._progress.assessment),
                stopped=stopped,
            )
            action = search.next_action(self._progress, self._policy, self._rng)
            if isinstance(action, search.Accept):
                if self._checker.cut_short:
                    # A rival, or a test, that was not run for want of time might have spoken against it.
                    spent = f"the {self._policy.seconds:g} s for this stub were spent before everything was run"
                    return self._outcome(Decision.ABSTAINED, spent, None)
                candidate = self._matrix.candidates[action.candidate_id]
                if self._checker.confirm(candidate):
                    return self._outcome(Decision.ACCEPTED, self._suffices(candidate), candidate)
                self._weigh()
            elif isinstance(action, search.Abstain):
                return self._outcome(Decision.ABSTAINED, self._why(action.reason), None)
            elif isinstance(action, search.Wait):
                arrival = self._requests.next(min(self._left(), _POLL_SECONDS))
                if arrival is not None:
                    self._take(arrival)
            else:
                self._progress = self._sampler.ask(action, self._progress)

    def _take(self, arrival: Arrival) -> None:
        self._progress = self._sampler.take(arrival, self._progress)
        self._weigh()
        if arrival.answer is None:
            self._services.reporter.line(f"{self.stub.id}: {self._state()}")

    def _state(self) -> str:
        """How far the search is, in a few words."""
        progress, assessment = self._progress, self._progress.assessment
        drawn = f"{progress.codes + progress.repairs} codes, {progress.suites} test suites"
        if assessment is None or assessment.best is None:
            return f"{drawn}, nothing that passes the trusted tests"
        return f"{drawn}, probability {assessment.probability:.2f}"

    def _weigh(self) -> None:
        assessment = agreement.assess(self._matrix.evidence(), tau=self._policy.tau)
        self._progress = search.observe(self._progress, assessment)

    def _outcome(self, decision: Decision, reason: str, candidate: Candidate | None) -> Outcome:
        assessment = self._progress.assessment or Assessment(best=None, probability=0.0)
        gate_tests = self._matrix.gate_tests(candidate.id if candidate is not None else None)
        return Outcome(
            stub=self.stub,
            decision=decision,
            reason=reason,
            probability=assessment.probability,
            candidate=candidate,
            candidates=len(self._matrix.candidates),
            tests=len(self._matrix.trusted) + len(self._matrix.tests) + len(gate_tests),
            samples=self._progress.codes + self._progress.repairs + self._matrix.test_answers,
            tokens=self._progress.tokens,
            seconds=self._seconds() + self._waited,
            needs=self._services.bench.dependencies.needed(candidate) if candidate is not None else (),
            question="" if decision is Decision.ACCEPTED else dispute(self._matrix, assessment),
            duplicates=self._matrix.duplicates,
            rejections=self._matrix.unused(),
            details=self._matrix.details,
        )

    def _suffices(self, candidate: Candidate) -> str:
        bench, passed = self._services.bench, self._matrix.tests_passed(candidate.id)
        return "the evidence suffices" + bench.dependencies.remark(candidate) + bench.splitting.remark(passed)

    def _why(self, reason: str) -> str:
        """The policy's reason, with that of the refused candidates where nothing else is left."""
        known = self._progress.assessment
        return reason if known is not None and known.best is not None else self._matrix.why_none(reason)

    # -- what the loop needs to know

    def _make_checker(self) -> Checker:
        return Checker(
            self._matrix,
            self._file,
            bench=self._services.bench,
            allow=frozenset(self._settings.allow),
            wait=self._wait_for,
            left=self._left,
            rng=self._rng,
        )

    def _make_sampler(self) -> Sampler:
        services, seed = self._services, self._settings.seed
        return Sampler(
            stub=self.stub,
            text=source.decode(self._file.data).text,
            style=services.style,
            allow=frozenset(self._settings.allow),
            matrix=self._matrix,
            checker=self._checker,
            questions=Questioner(self.stub, self._describe(), seed=seed, change=services.question),
            requests=self._requests,
            dependencies=services.bench.dependencies,
            left=self._left,
            tokens=self._policy.tokens,
        )

    def _describe(self) -> context.Context:
        room = int((self._services.generator.max_context_tokens - _ANSWER_TOKENS) * _CHARACTERS_A_TOKEN)
        return context.describe(
            self.stub, self._file, neighbours=self._services.neighbours(self._file), max_chars=max(room, 0)
        )

    def _seconds(self) -> float:
        """Seconds of this stub's own work: waiting for another stub is not charged to it."""
        return self._services.clock() - self._started - self._waited

    def _left(self) -> float:
        return max(0.0, self._policy.seconds - self._seconds())

    def _wait_for(self, other: str) -> bool:
        """Give the turn to somebody else until another stub is decided; whether that one was accepted."""
        before = self._services.clock()
        self._services.turn.release()
        try:
            self._services.bench.ledger.wait_for(self.stub.id, other, self._policy.seconds)
        finally:
            self._services.turn.acquire()
        self._waited += self._services.clock() - before
        return self._services.bench.ledger.is_accepted(other)
