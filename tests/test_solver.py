"""The search for one stub, from questions to its outcome, above a scripted model and a scripted sandbox."""

from __future__ import annotations

import io
import itertools
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path

from fakes import Answers, FakeGenerator, agreeable, bodies

from pytest_supercharger import evidence, stubs
from pytest_supercharger.bench import Bench
from pytest_supercharger.calibration import SHIPPED, Calibration
from pytest_supercharger.checker import Checker
from pytest_supercharger.clean.layout import Style
from pytest_supercharger.dependencies import Dependencies
from pytest_supercharger.domain import (
    Decision,
    Output,
    OutputKind,
    PairResult,
    Priority,
    QuestionKind,
    SourceFile,
    Verdict,
)
from pytest_supercharger.ledger import Ledger
from pytest_supercharger.options import Settings
from pytest_supercharger.progress import AskCode
from pytest_supercharger.projecttests import ProjectTests
from pytest_supercharger.reporting import Reporter
from pytest_supercharger.sandbox.base import GateResult
from pytest_supercharger.services import Services
from pytest_supercharger.solver import Solver
from pytest_supercharger.splitting import Splitting

SOURCE = SourceFile(
    path=Path("/p/calc.py"),
    relpath="calc.py",
    module="calc",
    data=b'''\
from pytest_supercharger import supercharge


@supercharge
def double(x: int) -> int:
    """Return twice x.

    >>> double(2)
    4
    """
    raise NotImplementedError
''',
)
CODES = bodies("double", "x: int", "x * 2", "x + x", "2 * x", "sum([x, x])")
TESTS = ["def test_one():\n    assert double(1) == 2\n", "def test_two():\n    assert double(0) == 0\n"]
SPOKEN, STOPPED, SKIPPED = "t.py::test_spoken", "t.py::test_stopped", "t.py::test_skipped"


def gate(overlay, nodeids):
    """One test that passes with the stub filled, one that another open stub stops, one that is skipped."""
    mine = PairResult(verdict=Verdict.FAIL, reached=frozenset({"calc:double"}))
    other = PairResult(verdict=Verdict.FAIL, reached=frozenset({"calc:other"}))
    spoken, stopped = (PairResult(verdict=Verdict.PASS), other) if overlay else (mine, mine)
    return GateResult(tests={SPOKEN: spoken, STOPPED: stopped}, skipped=frozenset({SKIPPED}))


def solver(
    sandbox, *, codes=CODES, tests=TESTS, install=(), settings=None, generator=None, calibration=SHIPPED, **texts
):
    found = stubs.find(SOURCE)
    project_tests = ProjectTests(sandbox, None)
    project_tests.discover()
    services = Services(
        generator=generator or FakeGenerator(code=codes, test=tests, **texts),
        bench=Bench(
            splitting=Splitting(sandbox),
            tests=project_tests,
            ledger=Ledger({"calc.py": SOURCE}, found),
            dependencies=Dependencies(sandbox, install, ask=lambda module: None),
        ),
        reporter=Reporter(io.StringIO()),
        clock=lambda: 0.0,
        question=lambda question: question,
        style=Style(),
        neighbours=lambda source: {},
        turn=threading.Semaphore(1),
        calibration=calibration,
    )
    return Solver(found[0], SOURCE, services, settings or Settings())


def test_the_evidence_names_the_project_tests_that_passed_and_no_others():
    searching = solver(agreeable(gate=gate))
    outcome = searching.solve()
    assert outcome.decision is Decision.ACCEPTED
    record = searching.record(outcome)
    assert record.gate == (SPOKEN,)
    assert record.calibration == "shipped fit"
    generated = len(record.tests) - 1  # one is the example of the docstring
    assert outcome.tests == 1 + generated + 1


def test_the_evidence_says_what_the_decision_rested_on():
    generator = FakeGenerator(code=CODES, test=TESTS)
    generator.models = {"sha256:1": "coder", "sha256:2": "tester", "sha256:3": "idle"}
    generator.wrote["test"] = "sha256:2"
    searching = solver(agreeable(gate=gate), generator=generator, settings=Settings(seed=7, samples=9, allow=("os",)))
    record = searching.record(searching.solve())
    assert (record.model, record.model_digests) == ("coder, tester", ("sha256:1", "sha256:2"))
    assert record.settings.items() >= {"confidence": 0.95, "samples": 9, "allow": ["os"], "level": 2}.items()
    assert record.settings.keys().isdisjoint({"nodes", "slots", "docker_hosts", "json"})
    assert (record.seeds["run"], record.seeds["code"] > 0, record.seeds["test"] > 0) == (7, True, True)
    candidates, tests = record.candidates, record.matrix["generated_tests"] + record.matrix["trusted_tests"]
    assert record.matrix["accepted"] == {"pass": tests}
    assert record.matrix["all"] == {"pass": candidates * tests}
    assert (record.matrix["classes"], record.matrix["agreeing_candidates"]) == (1, candidates)
    assert evidence.from_text(evidence.to_text(record)) == record


def needy(text):
    """A code that takes a module of its own."""
    return f"import yaml\n\n\ndef double(x: int) -> int:\n    return yaml.load({text})\n"


def lacking_yaml():
    sandbox = agreeable(gate=gate)
    sandbox.lacking = frozenset({"yaml"})
    return sandbox


def test_code_that_needs_what_is_not_installed_is_not_run_and_says_so():
    sandbox = lacking_yaml()
    outcome = solver(sandbox, codes=[needy("x"), needy("x + x")], tests=["import yaml\n\n" + TESTS[0]]).solve()
    assert outcome.decision is Decision.ABSTAINED
    reasons = [reason for reason in outcome.rejections if reason.startswith("missing_dependency: needs PyYAML")]
    assert len(reasons) == 1
    assert "allow it with --supercharge-install PyYAML" in outcome.reason
    assert not [call for call in sandbox.calls if call[0] in ("tests", "probe")]


def test_a_lone_candidate_beside_refused_ones_is_told_with_why_they_were_refused():
    codes = [*CODES[:1], *(needy(text) for text in ("x + x", "2 * x", "sum([x, x])"))]
    reason = solver(lacking_yaml(), codes=codes).solve().reason
    assert "all 3 samples that behave like it are one and the same text" in reason
    assert "; 3 may not be written: the usual one missing_dependency: needs PyYAML" in reason


def test_code_that_got_what_it_needs_says_so_and_leaves_it_in_its_evidence():
    codes = [needy(text) for text in ("x * 2", "x + x", "2 * x", "sum([x, x])")]
    searching = solver(lacking_yaml(), codes=codes, install=["PyYAML"])
    outcome = searching.solve()
    assert outcome.decision is Decision.ACCEPTED
    assert outcome.needs == ("PyYAML",)
    assert "it needs PyYAML: add it to the project's dependencies" in outcome.reason
    assert searching.record(outcome).wheels == {"PyYAML-1-py3-none-any.whl": "0" * 64}


def test_nothing_is_accepted_on_the_part_that_was_run_in_time(monkeypatch):
    searching = solver(agreeable(gate=gate))
    add_tests = Checker.add_tests

    def cut_short(checker, new):
        add_tests(checker, new)
        checker.cut_short = True

    monkeypatch.setattr(Checker, "add_tests", cut_short)
    outcome = searching.solve()
    assert outcome.decision is Decision.ABSTAINED
    assert outcome.reason == "the 300 s for this stub were spent before everything was run"


def test_two_readings_of_a_broken_answer_are_two_candidates_and_one_sample():
    broken = "def double(x: int) -> int:\n    if x:\n        x += x\n      return x\n    return 0\n"
    searching = solver(agreeable(gate=gate), codes=[broken])
    outcome = searching.solve()
    assert outcome.candidates == 2
    answers_to_tests = searching._matrix.test_answers
    assert outcome.duplicates == outcome.samples - answers_to_tests - 1  # every code but the first


def test_the_judge_is_heard_once_a_best_candidate_and_only_where_its_word_has_a_weight():
    for calibration, heard in ((SHIPPED, False), (Calibration(c=0.3), True), (Calibration(a=-9.0, c=0.3), False)):
        searching = solver(agreeable(gate=gate), calibration=calibration)
        outcome = searching.solve()
        asked = searching._services.generator.judged
        assert bool(asked) is heard
        assert len(asked) == len({question.user for question in asked})
        assert outcome.decision is (Decision.ABSTAINED if calibration.a else Decision.ACCEPTED)


def test_a_judge_that_says_no_tips_the_balance_and_a_silent_one_does_not():
    doubting = Calibration(a=-1.0, c=0.3)
    said = {}
    for word in (0.01, 0.99, None):
        searching = solver(agreeable(gate=gate), calibration=doubting)
        searching._services.generator.word = word
        said[word] = searching.solve().probability
    assert said[0.01] < said[None] < said[0.99]


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
