"""Generated tests in the sandbox: their rounds, their limits, and the time that is left."""

from __future__ import annotations

import pytest
from checker_bench import CANDIDATE, NEGATIVE, Bench, suite, verdicts

from pytest_supercharger.domain import LIMITS, GeneratedTest, Output, OutputKind, Verdict


def test_what_the_sandbox_failed_to_tell_is_asked_once_more():
    kinds = {"negative": [OutputKind.INFRA, OutputKind.VALUE]}
    bench = Bench(
        evaluate=lambda overlay, module, probe: Output(kind=(kinds.get(probe.id) or [OutputKind.INFRA]).pop(0))
    )
    bench.checker.add_tests(suite())
    for _ in range(3):
        bench.checker.add_tests(())
    asked = [probe for probes in bench.calls("probe") for probe in probes]
    assert {asked.count(probe) for probe in bench.matrix.probes} == {2}
    assert bench.matrix.outputs["c", "negative"].kind is OutputKind.VALUE


@pytest.mark.parametrize("limit", sorted(LIMITS))
def test_a_candidate_that_runs_into_a_limit_is_not_run_on_the_other_generated_tests(limit):
    bench = Bench(judge=lambda overlay, test: limit if test.id == "t1" else Verdict.PASS)
    bench.checker.add_tests(bench.matrix.add_tests(suite(12)))
    assert bench.calls("tests") == [("t", "t1")]
    assert verdicts(bench)["t"] is Verdict.PASS
    assert verdicts(bench)["t11"] is limit
    assert bench.matrix.pairs["c", "t11"].detail == "not run: it already ran into a limit"


def test_generated_tests_are_run_in_growing_batches():
    bench = Bench()
    bench.checker.add_tests(bench.matrix.add_tests(suite(24)))
    assert [len(asked) for asked in bench.calls("tests")] == [2, 4, 8, 8, 2]


def test_tests_that_a_busy_machine_did_not_run_are_due_again():
    verdict = iter([Verdict.INFRA, Verdict.PASS])
    bench = Bench(judge=lambda overlay, test: next(verdict, Verdict.PASS))
    bench.checker.add_tests(bench.matrix.add_tests(suite(3)))
    assert set(verdicts(bench)) == {"t", "t1"}
    bench.checker.add_tests(bench.matrix.add_tests(suite(4)))
    assert verdicts(bench)["t2"] is Verdict.PASS


@pytest.mark.parametrize("limit", sorted(LIMITS))
def test_a_candidate_that_only_runs_into_limits_is_not_run_in_later_rounds(limit):
    bench = Bench(judge=lambda overlay, test: limit)
    bench.checker.add_tests(bench.matrix.add_tests(suite(3)))
    before = len(bench.sandbox.calls)
    bench.checker.add_tests(bench.matrix.add_tests(suite(6)))
    assert len(bench.sandbox.calls) == before
    assert verdicts(bench)["t5"] is limit


@pytest.mark.parametrize("limit", sorted(LIMITS))
def test_no_input_is_tried_on_a_candidate_that_ran_into_a_limit_on_a_trusted_test(limit):
    bench = Bench(judge=lambda overlay, test: limit)
    bench.matrix.trusted = (GeneratedTest(id="a", name="test_f", source="a", trusted=True),)
    bench.matrix.add_probes([NEGATIVE])
    bench.checker.add_candidate(CANDIDATE)
    assert bench.calls("probe") == []


def test_no_round_begins_once_the_time_is_spent():
    seconds = [1.0]

    def judge(overlay, test):
        seconds[0] = 0.0
        return Verdict.PASS

    bench = Bench(judge=judge, left=lambda: seconds[0])
    bench.checker.add_tests(bench.matrix.add_tests(suite(9)))
    assert bench.calls("tests") == [("t", "t1")]
    assert bench.calls("probe") == []
    assert bench.checker.cut_short


def test_what_was_run_in_time_is_not_cut_short():
    bench = Bench()
    bench.checker.add_tests(bench.matrix.add_tests(suite(9)))
    assert not bench.checker.cut_short
