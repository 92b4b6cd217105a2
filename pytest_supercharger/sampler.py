"""Carries out what the policy asks for: questions go out, answers are cleaned, run and counted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pytest_supercharger import expecting, repairing
from pytest_supercharger.checker import Checker
from pytest_supercharger.clean.candidate import clean
from pytest_supercharger.clean.layout import Style
from pytest_supercharger.clean.tests import clean_tests
from pytest_supercharger.dependencies import Dependencies
from pytest_supercharger.domain import (
    Answer,
    Candidate,
    FinishReason,
    GeneratedTest,
    Priority,
    Question,
    QuestionKind,
    Rejection,
    Stub,
)
from pytest_supercharger.inflight import Arrival, Requests, Ticket
from pytest_supercharger.matrix import Matrix
from pytest_supercharger.progress import AskCode, AskExpected, AskTests, Progress, Repair
from pytest_supercharger.questioner import Questioner

__all__ = ["ANSWERS_IN_A_SUITE", "Sampler"]

# A suite is several short answers: with small models they hold more valid asserts a token than one long answer.
ANSWERS_IN_A_SUITE = 4
_NO_LIMIT = 1 << 40

_Cleaned = tuple[GeneratedTest | Rejection, ...] | Rejection
_SUITES = frozenset({QuestionKind.TEST, QuestionKind.IMPROVE_TEST})


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
    tokens: int = 0  # that may be generated for this stub; 0: any number
    models: Counter[str] = field(default_factory=Counter)  # digest of a model -> samples that it wrote
    authors: dict[str, str] = field(default_factory=dict)  # candidate id -> digest of the model that wrote it first
    writers: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # of candidates and tests
    tries: Counter[str] = field(default_factory=Counter)  # candidate id -> repairs asked
    about: dict[Ticket, str] = field(default_factory=dict)  # id of the candidate or of the input a request is about

    def ask(self, action: AskCode | AskTests | AskExpected | Repair, progress: Progress) -> Progress:
        """Launch the questions of an action, as far as there are tokens left for their answers."""
        if isinstance(action, AskCode):
            return self._launch(self.questions.code(), action.n, progress, {"waiting_codes": action.n})
        if isinstance(action, AskTests):
            return self._ask_tests(action, progress)
        if isinstance(action, AskExpected):
            asked = self.questions.expected(expecting.session(self.matrix.probes[action.input_id]))
            progress = replace(progress, asked=progress.asked | {action.input_id})
            return self._launch(asked, expecting.ANSWERS, progress, {"waiting_expectations": 1}, action.input_id)
        self.tries[action.candidate_id] += 1
        candidate = self.matrix.candidates[action.candidate_id]
        test, failure = repairing.failure(self.matrix, action.candidate_id, action.test_id)
        question = replace(self.questions.repair(candidate, test, failure), priority=Priority.REPAIR)
        return self._launch(question, 1, progress, {"waiting_repairs": 1}, candidate.id)

    def take(self, arrival: Arrival, progress: Progress) -> Progress:
        """Work in an answer, or the end of a request.

        Raises:
            NodeError: the request failed.
        """
        if arrival.error is not None and not arrival.exhausted:
            raise arrival.error
        kind, progress = arrival.ticket.question.kind, _metered(arrival, progress)
        if arrival.answer is not None:
            self.models[arrival.answer.model] += 1
        if kind in _SUITES or kind is QuestionKind.EXPECT:
            if arrival.answer is not None:
                return progress  # these are worked in as a whole, when their request ends
            return self._take_suite(arrival, progress) if kind in _SUITES else self._take_expected(arrival, progress)
        if arrival.answer is None:
            return self._close_codes(arrival, progress)
        cleaned = clean(arrival.answer, self.stub, self.text, style=self.style)
        self._note(cleaned, {arrival.answer.model})
        for candidate in self.matrix.add_code(cleaned, parent=self.about[arrival.ticket]):
            self.authors[candidate.id] = arrival.answer.model
            self.checker.add_candidate(candidate)
        return _count_codes(arrival.ticket, 1, progress)

    def _note(self, cleaned: Sequence[Candidate | GeneratedTest | Rejection] | Rejection, models: set[str]) -> None:
        """Keep which models have written what came of an answer; several may have written the same."""
        for part in () if isinstance(cleaned, Rejection) else cleaned:
            if not isinstance(part, Rejection):
                self.writers[part.id] |= models

    def _launch(
        self, question: Question, samples: int, progress: Progress, waiting: Mapping[str, int], about: str = ""
    ) -> Progress:
        """Ask, and count what is waited for; an answer may be as long as the tokens that are left allow."""
        left = self.tokens - progress.tokens - progress.waiting_tokens if self.tokens else _NO_LIMIT
        most = min(question.max_new_tokens, left // samples)
        if most <= 0:
            return progress
        priority = Priority.CONFIRM if progress.ready_at is not None else question.priority
        question = replace(question, max_new_tokens=most, priority=priority)
        self.about[self.requests.launch(question, samples, self.left())] = about
        counts: dict[str, Any] = {name: getattr(progress, name) + n for name, n in waiting.items()}
        return replace(progress, waiting_tokens=progress.waiting_tokens + samples * most, **counts)

    def _ask_tests(self, action: AskTests, progress: Progress) -> Progress:
        known = [*self.matrix.tests.values()]
        for _ in range(action.n):
            if action.improve:
                question, waiting = self.questions.improved_tests(known), {"waiting_suites": 1, "waiting_improved": 1}
            else:
                question, waiting = self.questions.tests(), {"waiting_suites": 1}
            progress = self._launch(question, ANSWERS_IN_A_SUITE, progress, waiting)
        return progress

    def _take_suite(self, arrival: Arrival, progress: Progress) -> Progress:
        new: list[GeneratedTest] = []
        improved = arrival.ticket.question.kind is QuestionKind.IMPROVE_TEST
        shown = frozenset(self.matrix.tests) if improved else frozenset()
        for answer in arrival.ticket.answers:
            cleaned = clean_tests(answer, self.stub, self.text, allow=self.allow)
            kept = _without(shown, self.dependencies.runnable(cleaned))
            self._note(kept, {answer.model})
            new += self.matrix.add_tests(kept)
        if new:
            self.checker.add_tests(tuple(new))
        progress = replace(progress, waiting_suites=progress.waiting_suites - 1)
        if not improved:
            gone = progress.no_more_suites or arrival.exhausted
            return replace(progress, suites=progress.suites + 1, no_more_suites=gone)
        return _count_improved(arrival, progress)

    def _take_expected(self, arrival: Arrival, progress: Progress) -> Progress:
        ticket, documented = arrival.ticket, self.matrix.evidence().documented
        prefix = ticket.question.assistant_prefix
        found = [expecting.read(answer, prefix, documented) for answer in ticket.answers]
        said = expecting.agreed(found)
        if said is not None:
            expected, votes = said
            source = expecting.as_test(self.matrix.probes[self.about[ticket]], expected)
            answer = Answer(text=f"```python\n{source}```\n", finish_reason=FinishReason.EOS, sample_index=0)
            cleaned = clean_tests(answer, self.stub, self.text, allow=self.allow)
            kept = _asked(self.dependencies.runnable(cleaned))
            agreeing = (one for one, read in zip(ticket.answers, found, strict=True) if read and read.same(expected))
            self._note(kept, {one.model for one in agreeing})
            new = self.matrix.add_tests(kept, times=votes)
            if new:
                self.checker.add_tests(new)
        elif ticket.answers:
            self.matrix.rejections["no two answers expect the same output"] += 1
        return _count_expected(arrival, progress)

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


def _metered(arrival: Arrival, progress: Progress) -> Progress:
    """Count the tokens of an answer, and give back what was kept free for it; text without a count was long."""
    ticket, most = arrival.ticket, arrival.ticket.question.max_new_tokens
    if arrival.answer is None:
        missing = ticket.samples - len(ticket.answers)
        return replace(progress, waiting_tokens=progress.waiting_tokens - missing * most)
    written = arrival.answer.text.removeprefix(ticket.question.assistant_prefix)
    used = arrival.answer.num_tokens or (most if written else 0)
    return replace(progress, tokens=progress.tokens + used, waiting_tokens=progress.waiting_tokens - most)


def _count_codes(ticket: Ticket, n: int, progress: Progress) -> Progress:
    if ticket.question.kind is QuestionKind.REPAIR:
        return replace(progress, repairs=progress.repairs + n, waiting_repairs=progress.waiting_repairs - n)
    return replace(progress, codes=progress.codes + n, waiting_codes=progress.waiting_codes - n)


def _count_improved(arrival: Arrival, progress: Progress) -> Progress:
    """A question to which no node has an answer was never asked: it takes nobody's place in the budget."""
    progress = replace(progress, waiting_improved=progress.waiting_improved - 1)
    if arrival.exhausted and not arrival.ticket.answers:
        return replace(progress, no_more_improved=True)
    return replace(progress, suites=progress.suites + 1, improved=progress.improved + 1)


def _count_expected(arrival: Arrival, progress: Progress) -> Progress:
    progress = replace(progress, waiting_expectations=progress.waiting_expectations - 1)
    if arrival.exhausted and not arrival.ticket.answers:
        return replace(progress, no_more_expectations=True)
    return replace(progress, expectations=progress.expectations + 1)


def _without(shown: frozenset[str], cleaned: _Cleaned) -> _Cleaned:
    """The parts of an answer without what it was shown: a copy is no second vote."""
    if isinstance(cleaned, Rejection) or not shown:
        return cleaned
    repeated = Rejection(reason="repeats a test it was shown")
    return tuple(repeated if isinstance(p, GeneratedTest) and p.id in shown else p for p in cleaned)


def _asked(cleaned: _Cleaned) -> _Cleaned:
    if isinstance(cleaned, Rejection):
        return cleaned
    return tuple(replace(part, asked=True) if isinstance(part, GeneratedTest) else part for part in cleaned)
