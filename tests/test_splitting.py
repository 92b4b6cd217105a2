"""At which level pairs are run, what is run again apart from the candidate, and what a difference means."""

from __future__ import annotations

import pytest

from pytest_supercharger.domain import GeneratedTest, PairResult, Verdict
from pytest_supercharger.sandbox.fake import FakeSandbox
from pytest_supercharger.splitting import SAMPLED, Splitting

TESTS = [GeneratedTest(id=f"t{n}", name=f"test_{n}", source="") for n in range(400)]
OVERLAY = {"m.py": b""}
PASSED = {test.id: PairResult(verdict=Verdict.PASS) for test in TESTS}


def calls(sandbox):
    return [(kind, asked) for kind, _, asked in sandbox.calls]


def only(first, rest=Verdict.PASS):
    """A verdict for the first test, another for all others."""
    return lambda overlay, test: PairResult(verdict=first, detail="why") if test.id == "t0" else rest


def test_at_level_2_pairs_run_together():
    sandbox = FakeSandbox(judge=only(Verdict.FAIL))
    results = Splitting(sandbox).run(OVERLAY, TESTS[:2])
    assert [results[test.id].verdict for test in TESTS[:2]] == [Verdict.FAIL, Verdict.PASS]
    assert calls(sandbox) == [("tests", ("t0", "t1"))]


def test_at_level_3_only_what_cannot_be_told_apart_runs_together_and_that_is_said_once():
    said = []
    sandbox = FakeSandbox(judge=only(Verdict.FAIL), split=only(Verdict.NOT_ENCODABLE))
    splitting = Splitting(sandbox, level=3, report=said.append)
    for _ in range(2):
        results = splitting.run(OVERLAY, TESTS[:2])
        assert [results[test.id].verdict for test in TESTS[:2]] == [Verdict.FAIL, Verdict.PASS]
    assert calls(sandbox) == [("split", ("t0", "t1")), ("tests", ("t0",))] * 2
    assert said == ["test_0 runs in one process with the candidate: why"]
    assert splitting.sample(OVERLAY, "c", TESTS, PASSED) == ""


def test_a_share_of_the_passes_is_run_again_apart_the_same_for_the_same_seed():
    drawn = []
    for seed in (0, 0, 1):
        sandbox = FakeSandbox()
        assert Splitting(sandbox, seed=seed).sample(OVERLAY, "c", TESTS, PASSED) == ""
        drawn.append(calls(sandbox)[0][1])
    assert drawn[0] == drawn[1] != drawn[2]
    assert 0 < len(drawn[0]) < 3 * SAMPLED * len(TESTS)
    failed = {test.id: PairResult(verdict=Verdict.FAIL) for test in TESTS}
    sandbox = FakeSandbox()
    Splitting(sandbox).sample(OVERLAY, "c", TESTS, failed)
    assert calls(sandbox) == []


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.TIMEOUT, Verdict.MEMORY])
def test_a_pass_that_is_none_apart_is_a_reason(verdict):
    reason = Splitting(FakeSandbox(split=only(verdict))).doubt(OVERLAY, TESTS[:3])
    assert reason == f"passes test_0 only in one process with it; apart the verdict is {verdict.value}: why"


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.NOT_ENCODABLE])
def test_a_pass_that_is_one_apart_or_cannot_be_told_is_none(verdict):
    assert Splitting(FakeSandbox(split=only(verdict))).doubt(OVERLAY, TESTS[:3]) == ""


def test_a_candidate_cannot_get_past_the_second_look_by_breaking_the_sandbox():
    splitting = Splitting(FakeSandbox(split=lambda overlay, test: Verdict.INFRA))
    assert splitting.doubt(OVERLAY, TESTS[:1]).startswith("the sandbox could not run test_0 apart")
    assert splitting.sample(OVERLAY, "c", TESTS, PASSED) == ""
