"""The search for one stub: ask, clean, check, weigh, until the policy accepts or abstains."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from dataclasses import replace

from pytest_supercharger import (
    budget,
    concluding,
    context,
    evidence,
    expecting,
    recording,
    repairing,
    search,
    source,
    trusted,
    weighing,
)
from pytest_supercharger.agreement import Assessment
from pytest_supercharger.checker import Checker
from pytest_supercharger.concluding import Conclusion
from pytest_supercharger.domain import Outcome, SourceFile, Stub
from pytest_supercharger.hearing import Hearing
from pytest_supercharger.inflight import Arrival, Generator, Requests
from pytest_supercharger.joint_choice import MOST_STUBS
from pytest_supercharger.joint_search import Member
from pytest_supercharger.ledger import Waited
from pytest_supercharger.matrix import Matrix
from pytest_supercharger.options import Settings
from pytest_supercharger.questioner import Questioner
from pytest_supercharger.sampler import Sampler
from pytest_supercharger.services import Services
from pytest_supercharger.stopwatch import Stopwatch

__all__ = ["Generator", "Solver"]

_POLL_SECONDS = 0.5  # how soon a stop is noticed while the model thinks


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

    def solve(self) -> Outcome:
        """Search until accepted, hopeless, or out of budget.

        Raises:
            SuperchargeError: the stub does not fit the model, or node or sandbox broke.
        """
        with self._services.turn:
            self._watch = Stopwatch(self._services.clock)
            self._requests = Requests(self._services.generator)
            self._checker = self._make_checker()
            self._sampler = self._make_sampler()
            self._conclusion = self._make_conclusion()
            judge, tau = self._sampler.questions.judge, self._policy.tau
            self._hearing = Hearing(self._matrix, tau, self._services, judge, self._left, self._sampler.authors)
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
        sampler, known = self._sampler, self._progress.assessment
        asked = sampler.questions.asked
        return recording.record(
            outcome,
            self._matrix,
            self._services,
            settings=self._settings,
            asked=asked,
            writers=sampler.writers,
            assessment=known,
        )

    def _loop(self) -> Outcome:
        while True:
            self._progress = replace(
                self._progress,
                seconds=self._watch.seconds,
                parents=repairing.parents(self._matrix, self._sampler.tries, self._progress.assessment),
                improvable=bool(self._matrix.tests),
                disputed=expecting.inputs(self._matrix, self._progress.assessment),
                stopped="the run was stopped" if self._services.stop.is_set() else "",
            )
            action = search.next_action(self._progress, self._policy, self._rng)
            if isinstance(action, search.Accept):
                if self._checker.cut_short:
                    # A rival, or a test, that was not run for want of time might have spoken against it.
                    spent = f"the {self._policy.seconds:g} s for this stub were spent before everything was run"
                    return self._conclusion.abstained(spent, self._progress)
                candidate = self._matrix.candidates[action.candidate_id]
                if self._checker.confirm(candidate):
                    return self._conclusion.accepted(candidate, self._progress)
                self._weigh()
            elif isinstance(action, search.Abstain):
                outcome = self._ended(action.reason)
                if outcome is not None:
                    return outcome
            elif isinstance(action, search.Wait):
                arrival = self._requests.next(min(self._left(), _POLL_SECONDS))
                if arrival is not None:
                    self._take(arrival)
            else:
                self._progress = self._sampler.ask(action, self._progress)

    def _ended(self, reason: str) -> Outcome | None:
        """What a search comes to that finds nothing by itself; None where it goes on.

        Candidates that need stubs which need this one are tried together with those of these stubs.
        """
        if not self._halted() and self._checker.hear_more():
            self._weigh()
            return None
        choice, known, ends = None, self._progress.assessment, self._conclusion
        if self._checker.aside and not self._halted():
            needed = ", ".join(sorted(self._checker.aside.needs))
            self._services.reporter.line(f"{self.stub.id}: waits for a joint choice with {needed}")
            # The others may have all of their own search before them, one after the other.
            patience = self._policy.seconds * MOST_STUBS
            choice = self._services.table.sit(self._member(), self._services.bench.ledger, patience)
            if choice is None and not self._services.stop.is_set():
                self._checker.retry()
                self._weigh()
                return None
        if choice is None:
            return ends.abstained(ends.why(reason, self._progress), self._progress)
        if choice.candidate is None:
            alone = f"; alone: {reason}" if known is not None and known.best is not None else ""
            return ends.abstained(choice.reason + alone, self._progress)
        return ends.accepted_together(choice.candidate, self._progress, choice.together)

    def _draw(self) -> bool:
        """Ask for a fresh code and a fresh suite and wait for both; whether they came."""
        before = self._progress
        if self._affords(self._policy.code_tokens + self._policy.suite_tokens):
            self._await(search.AskCode(n=1), search.AskTests(n=1))
        return self._progress.codes > before.codes and self._progress.fresh_suites > before.fresh_suites

    def _draw_tests(self) -> bool:
        """Ask for another suite where the budget has one left and wait for it; whether it came."""
        before = self._progress
        wanted = before.suites < self._policy.suites and not before.no_more_suites
        if wanted and self._affords(self._policy.suite_tokens):
            self._await(search.AskTests(n=1))
        return self._progress.suites > before.suites

    def _affords(self, tokens: int) -> bool:
        """Whether so many tokens are left, should all that is asked become as long as it may."""
        spent = self._progress.tokens + self._progress.waiting_tokens
        return not self._policy.tokens or self._policy.tokens - spent >= tokens

    def _await(self, *actions: search.AskCode | search.AskTests) -> None:
        for action in actions:
            self._progress = self._sampler.ask(action, self._progress)
        while (self._progress.waiting_codes or self._progress.waiting_suites) and not self._halted():
            arrival = self._requests.next(min(self._left(), _POLL_SECONDS))
            if arrival is not None:
                self._take(arrival)

    def _take(self, arrival: Arrival) -> None:
        self._progress = self._sampler.take(arrival, self._progress)
        self._weigh()
        if arrival.answer is None:
            self._services.reporter.line(f"{self.stub.id}: {concluding.so_far(self._progress)}")

    def _weigh(self) -> Assessment:
        assessment = weighing.weigh(self._hearing.assess, self._checker.prove)
        self._progress = search.observe(self._progress, assessment)
        return assessment

    def _make_checker(self) -> Checker:
        return Checker(
            self._matrix,
            self._file,
            bench=self._services.bench,
            allow=frozenset(self._settings.allow),
            wait=self._wait_for,
            left=self._left,
            rng=self._rng,
            say=self._services.reporter.line,
        )

    def _make_sampler(self) -> Sampler:
        services, seed = self._services, self._settings.seed
        room, near = context.room(services.generator.max_context_tokens), services.neighbours(self._file)
        described = context.describe(self.stub, self._file, neighbours=near, max_chars=room)
        return Sampler(
            stub=self.stub,
            text=source.decode(self._file.data).text,
            style=services.style,
            allow=frozenset(self._settings.allow),
            matrix=self._matrix,
            checker=self._checker,
            questions=Questioner(self.stub, described, seed=seed, change=services.question),
            requests=self._requests,
            dependencies=services.bench.dependencies,
            left=self._left,
            tokens=self._policy.tokens,
        )

    def _make_conclusion(self) -> Conclusion:
        return Conclusion(
            matrix=self._matrix,
            file=self._file,
            bench=self._services.bench,
            sampler=self._sampler,
            watch=self._watch,
        )

    def _member(self) -> Member:
        return Member(
            stub=self.stub,
            matrix=self._matrix,
            checker=self._checker,
            watch=self._watch,
            weigh=self._weigh,
            draw=self._draw,
            draw_tests=self._draw_tests,
            halted=self._halted,
            resting=self._resting,
        )

    def _left(self) -> float:
        return max(0.0, self._policy.seconds - self._watch.seconds)

    def _halted(self) -> str:
        """Why nothing more may be run for this stub; "" while it may."""
        if self._services.stop.is_set():
            return "the run was stopped"
        spent = self._checker.cut_short or self._left() <= 0
        return f"the {self._policy.seconds:g} s for {self.stub.id} are spent" if spent else ""

    def _wait_for(self, other: str) -> Waited:
        with self._resting():
            return self._services.bench.ledger.wait_for(self.stub.id, other, self._policy.seconds)

    @contextlib.contextmanager
    def _resting(self) -> Iterator[None]:
        """Give the turn to somebody else; waiting for another stub is not charged to this one."""
        self._watch.pause()
        self._services.turn.release()
        try:
            yield
        finally:
            self._services.turn.acquire()
            self._watch.resume()
