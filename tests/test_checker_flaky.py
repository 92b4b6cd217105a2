"""Project tests that fail now and then, and bodies that are to blame themselves."""

from __future__ import annotations

import pytest
from checker_bench import CANDIDATE, NODE, Bench

from pytest_supercharger.domain import Candidate, Output, OutputKind, PairResult, Verdict
from pytest_supercharger.sandbox.base import GateResult


class Flaky:
    """Project tests that fail now and then, whatever the body: by the place of the answer, for each test."""

    def __init__(self, *answers, **others):
        self.left = {NODE: list(answers), **{f"t.py::{name}": list(more) for name, more in others.items()}}

    def __call__(self, overlay, nodeids):
        if not overlay:
            open_ = PairResult(verdict=Verdict.FAIL, reached=frozenset({"m:f"}))
            return GateResult(tests=dict.fromkeys(self.left, open_))
        answers = {node: self.left[node].pop(0) if self.left[node] else Verdict.PASS for node in nodeids or ()}
        return GateResult(tests={node: PairResult(verdict=verdict) for node, verdict in answers.items()})


OTHER = Candidate(id="d", text_id="u", body="return h(x)\n")


@pytest.mark.parametrize(("other", "excused"), [("2", True), ("1", False)])
def test_a_project_test_that_changes_for_bodies_that_do_otherwise_does_not_gate(other, excused):
    def evaluate(overlay, module, probe):
        return Output(kind=OutputKind.VALUE, text=other if b"h(x)" in overlay["m.py"] else "1")

    gate = Flaky(Verdict.FAIL, Verdict.PASS, Verdict.FAIL, Verdict.PASS)
    bench = Bench(gate=gate, evaluate=evaluate)
    bench.matrix.add_code([OTHER])
    bench.checker.add_candidate(CANDIDATE)
    assert bench.matrix.failing_trusted("c") == (NODE, "fail")
    assert bench.tests.flaky == ()
    bench.checker.add_candidate(OTHER)
    assert (bench.tests.flaky == (NODE,)) is excused
    for key in "cd":
        assert bench.matrix.vouched(key) is excused


def test_a_project_test_that_fails_each_time_gates_whatever_others_do():
    evaluate = lambda overlay, module, probe: Output(kind=OutputKind.VALUE, text=str(b"h(x)" in overlay["m.py"]))  # noqa: E731
    bench = Bench(gate=Flaky(Verdict.FAIL, Verdict.PASS, Verdict.FAIL, Verdict.FAIL), evaluate=evaluate)
    bench.matrix.add_code([OTHER])
    bench.checker.add_candidate(CANDIDATE)
    bench.checker.add_candidate(OTHER)
    assert bench.tests.flaky == ()
    assert not bench.matrix.vouched("c")
    assert not bench.matrix.vouched("d")


def test_a_second_test_that_fails_each_time_goes_on_gating():
    evaluate = lambda overlay, module, probe: Output(kind=OutputKind.VALUE, text=str(b"h(x)" in overlay["m.py"]))  # noqa: E731
    now_and_then = [Verdict.FAIL, Verdict.PASS] * 2
    bench = Bench(gate=Flaky(*now_and_then, test_g=[Verdict.FAIL, Verdict.FAIL, Verdict.PASS]), evaluate=evaluate)
    bench.matrix.add_code([OTHER])
    bench.checker.add_candidate(CANDIDATE)
    bench.checker.add_candidate(OTHER)
    assert bench.tests.flaky == (NODE,)
    assert bench.matrix.failing_trusted("c") is not None
    assert "t.py::test_g" in bench.matrix.gates["c"].failures
    assert bench.matrix.vouched("d")


def test_bodies_whose_own_results_change_excuse_no_test():
    """Two of them differ from each other by chance alone, and a third that always fails would go free."""
    left = iter(range(1000))

    def evaluate(overlay, module, probe):
        return Output(kind=OutputKind.VALUE, text=str(next(left)))

    bench = Bench(gate=Flaky(*[Verdict.FAIL, Verdict.PASS] * 2, Verdict.FAIL, Verdict.FAIL), evaluate=evaluate)
    constant = Candidate(id="e", text_id="v", body="return 1\n")
    bench.matrix.add_code([OTHER])
    bench.matrix.add_code([constant])
    for candidate in (CANDIDATE, OTHER, constant):
        bench.checker.add_candidate(candidate)
    assert bench.tests.flaky == ()
    assert not any(map(bench.matrix.vouched, "cde"))


def test_a_body_that_failed_both_times_stays_failed_where_the_test_is_to_blame():
    evaluate = lambda overlay, module, probe: Output(  # noqa: E731
        kind=OutputKind.VALUE, text=str(sum(word in overlay["m.py"] for word in (b"h(x)", b"return 1")))
    )
    bench = Bench(gate=Flaky(Verdict.FAIL, Verdict.FAIL, *[Verdict.FAIL, Verdict.PASS] * 2), evaluate=evaluate)
    constant = Candidate(id="e", text_id="v", body="return 1\n")
    bench.matrix.add_code([OTHER])
    bench.matrix.add_code([constant])
    for candidate in (constant, CANDIDATE, OTHER):
        bench.checker.add_candidate(candidate)
    assert bench.tests.flaky == (NODE,)
    assert [bench.matrix.vouched(key) for key in "cde"] == [True, True, False]
