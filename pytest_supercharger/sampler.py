"""Carries out what the policy asks for: questions go out, answers are cleaned, run and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from pytest_supercharger.checker import Checker
from pytest_supercharger.clean.candidate import clean
from pytest_supercharger.clean.layout import Style
from pytest_supercharger.clean.tests import clean_tests
from pytest_supercharger.dependencies import Dependencies
from pytest_supercharger.domain import GeneratedTest, QuestionKind, Stub
from pytest_supercharger.inflight import Arrival, Requests, Ticket
from pytest_supercharger.matrix import Matrix
from pytest_supercharger.progress import AskCode, AskTests, Progress, Repair
from pytest_supercharger.questioner import Questioner

__all__ = ["ANSWERS_IN_A_SUITE", "Sampler"]

# A suite is several short answers: with small models they hold more valid asserts a token than one long answer.
ANSWERS_IN_A_SUITE = 4


@dataclass(slots=True, kw_only=True)
class Sampler:
    """Asks about one stub and works the answers into its matrix; what it returns is where the search then stands."""

    stub: Stub
    text: str  # of the stub's file
    style: Style
    allow: frozenset[str]
    matrix: Matrix
    checker: Checker
    questions: Questioner
    requests: Requests
    dependencies: Dependencies
    left: Callable[[], float]  # seconds of this stub
    tries: Counter[str] = field(default_factory=Counter)  # candidate id -> repairs asked

    def ask(self, action: AskCode | AskTests | Repair, progress: Progress) -> Progress:
        """Launch the questions of an action."""
        if isinstance(action, AskCode):
            self.requests.launch(self.questions.code(), action.n, self.left())
            return replace(progress, waiting_codes=progress.waiting_codes + action.n)
        if isinstance(action, AskTests):
            for _ in range(action.n):
                self.requests.launch(self.questions.tests(), ANSWERS_IN_A_SUITE, self.left())
            return replace(progress, waiting_suites=progress.waiting_suites + action.n)
        self.tries[action.candidate_id] += 1
        candidate = self.matrix.candidates[action.candidate_id]
        test, failure = self.matrix.failure(action.candidate_id, action.test_id)
        self.requests.launch(self.questions.repair(candidate, test, failure), 1, self.left())
        return replace(progress, waiting_repairs=progress.waiting_repairs + 1)

    def take(self, arrival: Arrival, progress: Progress) -> Progress:
        """Work in an answer, or the end of a request.

        Raises:
            NodeError: the request failed.
        """
        if arrival.error is not None and not arrival.exhausted:
            raise arrival.error
        if arrival.ticket.question.kind is QuestionKind.TEST:
            # A suite is worked in as a whole, when its request ends.
            return progress if arrival.answer is not None else self._take_suite(arrival, progress)
        if arrival.answer is None:
            return self._close_codes(arrival, progress)
        for candidate in self.matrix.add_code(clean(arrival.answer, self.stub, self.text, style=self.style)):
            self.checker.add_candidate(candidate)
        return _count_codes(arrival.ticket, 1, progress)

    def _take_suite(self, arrival: Arrival, progress: Progress) -> Progress:
        new: list[GeneratedTest] = []
        for answer in arrival.ticket.answers:
            cleaned = clean_tests(answer, self.stub, self.text, allow=self.allow)
            new += self.matrix.add_tests(self.dependencies.runnable(cleaned))
        if new:
            self.checker.add_tests(tuple(new))
        return replace(
            progress,
            suites=progress.suites + 1,
            waiting_suites=progress.waiting_suites - 1,
            no_more_suites=progress.no_more_suites or arrival.exhausted,
        )

    def _close_codes(self, arrival: Arrival, progress: Progress) -> Progress:
        """What a request did not deliver will never come; it counts as drawn, so that the search always ends."""
        missing = arrival.ticket.samples - len(arrival.ticket.answers)
        if missing:
            progress = _count_codes(arrival.ticket, missing, progress)
            if not arrival.exhausted:
                self.matrix.rejections["the node sent no answer"] += missing
        if not arrival.exhausted:
            return progress
        if arrival.ticket.question.kind is QuestionKind.REPAIR:
            return replace(progress, no_more_repairs=True)
        return replace(progress, no_more_codes=True)


def _count_codes(ticket: Ticket, n: int, progress: Progress) -> Progress:
    if ticket.question.kind is QuestionKind.REPAIR:
        return replace(progress, repairs=progress.repairs + n, waiting_repairs=progress.waiting_repairs - n)
    return replace(progress, codes=progress.codes + n, waiting_codes=progress.waiting_codes - n)
