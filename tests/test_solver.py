"""The search for one stub, from questions to its outcome, and what its evidence says."""

from __future__ import annotations

from dataclasses import replace

from fakes import FakeGenerator, agreeable, bodies, filled
from scripted_solver import CODES, SPOKEN, TESTS, gate, solver

from pytest_supercharger import evidence
from pytest_supercharger.calibration import SHIPPED, Calibration
from pytest_supercharger.checker import Checker
from pytest_supercharger.domain import Decision, Verdict
from pytest_supercharger.options import Settings


def test_the_evidence_names_the_project_tests_that_passed_and_no_others():
    searching = solver(agreeable(gate=gate))
    outcome = searching.solve()
    assert outcome.decision is Decision.ACCEPTED
    record = searching.record(outcome)
    assert record.gate == (SPOKEN,)
    assert record.calibration == "shipped fit"
    generated = len(record.tests) - 1  # one is the example of the docstring
    assert outcome.tests == 1 + generated + 1


def right(overlay):
    return b"x - x" not in overlay.get("calc.py", b"")


class Several(FakeGenerator):
    """One model writes what is thrown away, another one the rest."""

    def _generate(self, questions, samples, first_sample):
        for index, answer in super()._generate(questions, samples, first_sample):
            yield index, replace(answer, model="sha256:2" if "x - x" in answer.text else "sha256:1")


def test_the_evidence_names_no_model_whose_answers_were_thrown_away():
    generator = Several(code=[*bodies("double", "x: int", "x - x"), *CODES], test=TESTS)
    generator.models = {"sha256:1": "coder", "sha256:2": "bungler"}
    sandbox = agreeable(
        gate=gate, judge=lambda overlay, test: filled(overlay, test) if right(overlay) else Verdict.FAIL
    )
    searching = solver(sandbox, generator=generator)
    outcome = searching.solve()
    record = searching.record(outcome)
    assert outcome.models.keys() == {"sha256:1", "sha256:2"}
    assert (record.model, record.model_digests) == ("coder", ("sha256:1",))


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
