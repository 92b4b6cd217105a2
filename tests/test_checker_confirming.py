"""A candidate is confirmed: what is run on it once more, and what rules it out then."""

from __future__ import annotations

from dataclasses import replace

import pytest
from checker_bench import BLOCKED, CANDIDATE, NODE, PASSED, SOURCE, Bench, project_test, suite

from pytest_supercharger import stubs
from pytest_supercharger.domain import GeneratedTest, Output, OutputKind, PairResult, Probe, Verdict


def test_a_confirmation_without_an_answer_is_not_called_unsteady():
    verdicts = iter([Verdict.PASS, Verdict.INFRA])
    bench = Bench(judge=lambda overlay, test: next(verdicts))
    bench.checker.add_tests(bench.matrix.add_tests(suite()))
    assert not bench.checker.confirm(CANDIDATE)
    assert bench.matrix.refused == {"c": "the sandbox could not run it once more"}


def test_results_that_change_from_run_to_run_are_not_confirmed():
    values = iter("12")
    same = Output(kind=OutputKind.VALUE, text="1")
    bench = Bench(
        evaluate=lambda overlay, module, probe: (
            Output(kind=OutputKind.VALUE, text=next(values)) if probe.id == "negative" else same
        )
    )
    bench.checker.add_tests(bench.matrix.add_tests(suite()))
    assert not bench.checker.confirm(CANDIDATE)
    assert bench.matrix.refused == {"c": "its results change from run to run"}


def test_a_candidate_on_which_nothing_was_run_is_not_confirmed():
    bench = Bench()
    bench.checker.add_candidate(CANDIDATE)  # its outputs cannot be compared, and there is no test at all
    assert not bench.checker.confirm(CANDIDATE)
    assert bench.matrix.refused == {"c": "nothing could be run on it"}


def test_what_repeats_itself_is_confirmed():
    bench = Bench(evaluate=lambda overlay, module, probe: Output(kind=OutputKind.VALUE, text=probe.id))
    bench.checker.add_candidate(CANDIDATE)
    assert bench.checker.confirm(CANDIDATE)


@pytest.mark.parametrize(
    ("given", "confirmed"),
    [
        (Output(kind=OutputKind.VALUE, text="[1]"), True),
        (Output(kind=OutputKind.VALUE, text="[]"), False),
        (Output(kind=OutputKind.EXCEPTION, text="TypeError"), False),
        (Output(kind=OutputKind.INVALID), True),
    ],
)
def test_a_result_that_differs_for_an_iterator_breaks_what_iterable_promises(given, confirmed):
    source = replace(SOURCE, data=SOURCE.data.replace(b"x: int) -> int", b"x: Iterable[int]) -> list[int]"))
    listed = Output(kind=OutputKind.VALUE, text="[1]")
    bench = Bench(evaluate=lambda overlay, module, probe: given if "iter(" in probe.expression else listed)
    bench.matrix.stub = stubs.find(source)[0]
    bench.matrix.add_probes([Probe(id="p", imports="from m import f", setup="", expression="f([1])")])
    bench.checker.add_candidate(CANDIDATE)

    assert bench.checker.confirm(CANDIDATE) is confirmed
    reason = "reads its Iterable more than once, or asks for its length: f(iter([1])) differs"
    assert bench.matrix.refused == ({} if confirmed else {"c": reason})


def test_a_confirmation_runs_every_test_on_its_own():
    bench = Bench()
    bench.checker.add_tests(bench.matrix.add_tests(suite(4)))
    assert bench.calls("isolated") == []
    assert bench.checker.confirm(CANDIDATE)
    (asked,) = bench.calls("isolated")
    assert sorted(asked) == sorted(test.id for test in suite(4))


def test_a_test_that_passes_only_after_others_keeps_a_candidate_from_being_confirmed():
    bench = Bench()
    bench.checker.add_tests(bench.matrix.add_tests(suite(4)))
    bench.sandbox._judge = lambda overlay, test: Verdict.FAIL if test.id == "t2" else Verdict.PASS
    assert not bench.checker.confirm(CANDIDATE)
    assert bench.matrix.refused == {"c": "its verdicts change from run to run"}


def test_trusted_tests_are_run_on_their_own_from_the_start():
    bench = Bench()
    trusted = tuple(GeneratedTest(id=key, name="test_f", source=key, trusted=True) for key in "ab")
    bench.matrix.trusted = trusted
    bench.checker.add_candidate(CANDIDATE)
    assert bench.calls("isolated") == [("a",), ("b",)]
    assert bench.calls("tests") == []


def test_the_gate_of_the_confirmation_is_the_one_that_is_recorded():
    bench = Bench(gate=project_test(BLOCKED, PASSED), judge=lambda overlay, test: Verdict.PASS)
    bench.checker.add_tests(bench.matrix.add_tests(suite()))
    assert bench.matrix.gate_tests("c") == ()
    assert bench.checker.confirm(CANDIDATE)
    assert bench.matrix.gate_tests("c") == bench.matrix.gate_tests() == (NODE,)


def test_a_pass_that_is_none_in_a_process_of_its_own_rules_the_candidate_out_on_confirmation():
    bench = Bench(split=lambda overlay, test: PairResult(verdict=Verdict.FAIL, detail="AssertionError"))
    bench.checker.add_tests(bench.matrix.add_tests(suite()))
    assert not bench.checker.confirm(CANDIDATE)
    assert bench.matrix.refused == {
        "c": "passes test_f only in one process with it; apart the verdict is fail: AssertionError"
    }


def test_a_drawn_pass_that_is_none_in_a_process_of_its_own_rules_the_candidate_out_at_once(monkeypatch):
    monkeypatch.setattr("pytest_supercharger.splitting.SAMPLED", 1.0)
    bench = Bench(split=lambda overlay, test: Verdict.FAIL)
    bench.checker.add_tests(bench.matrix.add_tests(suite()))
    assert "only in one process" in bench.matrix.refused["c"]
