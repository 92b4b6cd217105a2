"""What the search for one stub asks the model: where candidates divide, and how many tokens it has."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from dataclasses import replace

from fakes import Answers, FakeGenerator, agreeable, bodies
from scripted_solver import CODES, SOURCE, TESTS, gate, solver

from pytest_supercharger.domain import Decision, Output, OutputKind, Priority, QuestionKind, Verdict
from pytest_supercharger.options import Settings
from pytest_supercharger.progress import AskCode
from pytest_supercharger.solver import Solver


def divided():
    """A sandbox in which codes that use `abs` give something else on negative numbers, and fail tests of them."""

    def negative(overlay, text):
        return b"abs" in overlay["calc.py"] and "double(-" in text.replace("x=", "")

    def evaluate(overlay, module, probe):
        text = "other" if negative(overlay, probe.expression) else probe.expression
        return Output(kind=OutputKind.VALUE, text=text, preview=text)

    def judge(overlay, test):
        return Verdict.FAIL if negative(overlay, test.source) else Verdict.PASS

    return agreeable(gate=gate, evaluate=evaluate, judge=judge)


DIVIDED = bodies("double", "x: int", "x * 2", "abs(x) * 2", "x + x", "2 * abs(x)", "2 * x", "abs(x + x)")


def kinds(searching):
    return [question.kind for question in searching._services.generator.questions]


def test_what_divides_two_close_candidates_is_asked_about_and_becomes_a_test():
    searching = solver(divided(), codes=DIVIDED, expect=["-2", "-2", "-4"])
    searching.solve()
    matrix, asked = (
        searching.matrix,
        [q for q in searching._services.generator.questions if q.kind is QuestionKind.EXPECT],
    )
    assert 0 < len(asked) <= 3
    assert len({question.user for question in asked}) == len(asked), "no input is asked about twice"
    assert not any("abs(" in question.user + question.assistant_prefix for question in asked)
    tests = [test for test in matrix.tests.values() if test.asked]
    assert len(tests) == len(asked)
    assert all(test.source.endswith(" == -2\n") for test in tests)
    assert {matrix.weights[test.id] for test in tests} == {2}, "as many as agreed"
    (probe,) = tests[0].probes
    verdicts = {matrix.pairs[key, tests[0].id].verdict for key in matrix.candidates if matrix.vouched(key)}
    assert verdicts == {Verdict.PASS, Verdict.FAIL}, f"{probe.expression} tells them apart"


def test_a_search_goes_on_where_no_node_says_what_is_expected_or_improves_on_tests():
    silent = solver(divided(), codes=DIVIDED)
    unasked = solver(divided(), codes=DIVIDED)
    unasked._progress = replace(unasked._progress, no_more_expectations=True, no_more_improved=True)
    assert silent.solve() == unasked.solve()
    new = {QuestionKind.EXPECT, QuestionKind.IMPROVE_TEST}
    assert Counter(kinds(silent)) - Counter(kinds(unasked)) == Counter(new), "each was tried once"
    assert new.isdisjoint(kinds(unasked))


MORE = [f"def test_more():\n    assert double({n}) == {2 * n}\n" for n in range(3, 40)]


def test_fresh_suites_and_improved_ones_take_turns_and_copies_have_no_vote():
    searching = solver(divided(), codes=DIVIDED, tests=MORE, improve_test=[MORE[0], *TESTS])
    searching.solve()
    suites = [kind for kind in kinds(searching) if kind in (QuestionKind.TEST, QuestionKind.IMPROVE_TEST)]
    assert suites[:4] == [QuestionKind.TEST, QuestionKind.IMPROVE_TEST] * 2
    improving = next(q for q in searching._services.generator.questions if q.kind is QuestionKind.IMPROVE_TEST)
    assert "assert double(3) == 6" in improving.user
    assert "abs(" not in improving.user
    copied = next(test for test in searching.matrix.tests.values() if "double(3)" in test.source)
    assert searching.matrix.weights[copied.id] == 1
    assert searching.matrix.rejections["repeats a test it was shown"] > 0


class Slow(FakeGenerator):
    """Two of the first codes come at once, a third when a second suite is asked for, the last when it is cancelled."""

    def __init__(self, **texts):
        super().__init__(**texts)
        self.confirming, self.cancelled = threading.Event(), threading.Event()

    def generate(self, questions, *, samples, first_sample=0, deadline_seconds):
        suites = sum(question.kind is QuestionKind.TEST for question in [*self.questions, *questions])
        if suites > 1:
            self.confirming.set()
        answers = self._generate(questions, samples, first_sample)
        return Slowly(answers, self) if questions[0].kind is QuestionKind.CODE else Answers(answers)


class Slowly(Answers):
    def __init__(self, answers, generator):
        super().__init__(self._each(answers, generator))
        self._generator = generator

    def _each(self, answers, generator):
        yield from itertools.islice(answers, 2)
        assert generator.confirming.wait(60), "nothing was to be confirmed"
        yield from itertools.islice(answers, 1)
        assert generator.cancelled.wait(60), "nobody cancelled what a decided stub had asked"

    def cancel(self):
        self._generator.cancelled.set()


def test_what_a_decided_stub_still_waits_for_is_cancelled():
    generator = Slow(code=CODES, test=TESTS)
    searching = solver(agreeable(gate=gate), settings=Settings(confidence=0.5), generator=generator)
    outcome = searching.solve()
    assert outcome.decision is Decision.ACCEPTED
    assert (searching._progress.codes, searching._progress.waiting_codes) == (3, 1)
    assert generator.cancelled.is_set()
    asked = [(question.kind, question.priority) for question in generator.questions]
    assert sorted(asked) == [(QuestionKind.CODE, 0), (QuestionKind.TEST, 0), (QuestionKind.TEST, Priority.CONFIRM)]


def test_no_more_tokens_are_asked_for_than_there_are():
    searching = solver(agreeable(gate=gate), settings=Settings(tokens=1500))
    outcome = searching.solve()
    assert outcome.decision is Decision.ABSTAINED
    assert "1024 of the 1500 tokens for this stub are spent, too many to ask on" in outcome.reason
    assert kinds(searching) == [QuestionKind.CODE]
    assert outcome.samples == 2


class Counted(FakeGenerator):
    """Every answer says that it took 10 tokens."""

    def _generate(self, questions, samples, first_sample):
        for index, answer in super()._generate(questions, samples, first_sample):
            yield index, replace(answer, num_tokens=10)


def test_tokens_are_counted_as_the_nodes_report_them():
    searching = solver(agreeable(gate=gate), settings=Settings(tokens=1500), generator=Counted(code=CODES, test=TESTS))
    outcome = searching.solve()
    assert outcome.decision is Decision.ACCEPTED
    assert searching._progress.tokens == 10 * outcome.samples
    assert searching._progress.waiting_tokens == 0


def test_whoever_asks_gets_no_more_tokens_than_are_left():
    """The sampler keeps the budget by itself: for questions that the policy did not think of, and for longer ones."""
    longer = solver(agreeable(gate=gate), settings=Settings(tokens=600))
    change = longer._services.question
    services = replace(longer._services, question=lambda asked: replace(change(asked), max_new_tokens=5000))
    longer = Solver(longer.stub, SOURCE, services, Settings(tokens=600))
    longer.solve()
    asked = services.generator.questions
    assert [question.max_new_tokens for question in asked] == [600]
    sampler, progress = longer._sampler, longer._progress
    assert progress.tokens == 600
    assert sampler.ask(AskCode(n=1), progress) == progress
    assert len(asked) == 1
