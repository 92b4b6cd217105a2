"""Gate runs on forged facts: a result a test, and a problem without full evidence."""

from __future__ import annotations

from typing import Any

import pytest
from forged import end, failed, passed, result, run

from pytest_supercharger.domain import Verdict
from pytest_supercharger.sandbox.inside import jobs
from pytest_supercharger.sandbox.verdict import gate_result

GATE = {"id": 3, "nonce": "n1", "kind": "gate"}


def test_a_gate_run_has_a_result_a_test() -> None:
    messages = [passed("a::x"), {**failed(), "node": "a::y"}, {**passed("a::z"), "phases": ["skipped", "passed"]}]
    gate = gate_result(GATE, result(run(*messages, end(exit=1))))
    assert {node: found.verdict for node, found in gate.tests.items()} == {"a::x": Verdict.PASS, "a::y": Verdict.FAIL}
    assert gate.skipped == {"a::z"}
    assert gate.problem == ""


def test_a_test_that_ended_the_process_failed_and_the_rest_goes_on() -> None:
    first = run(passed("a::x"), unit="a::y", status=0, own_status=False)
    gate = gate_result(GATE, result(first, run(passed("a::z"), end())))
    assert [gate.tests[node].verdict.value for node in ("a::x", "a::y", "a::z")] == ["pass", "fail", "pass"]
    assert gate.problem == ""


def test_each_fork_that_a_gate_run_may_have_is_read() -> None:
    forks = jobs._RESTARTS + jobs._STUCK + 1
    ended = [run(unit=f"a::{number}", limit="wall", own_status=False) for number in range(forks - 1)]
    gate = gate_result(GATE, result(*ended, run(passed("a::x"), end())))
    assert (gate.problem, len(gate.tests)) == ("", forks)
    assert gate_result(GATE, result(*ended, run(), run(passed("a::x"), end()))).problem


@pytest.mark.parametrize(
    "facts",
    [
        run(passed("a::x")),
        run(passed("a::x"), end(), foreign=1),
        run(passed("a::x"), {"type": "odd"}, end()),
        run(passed("a::x"), end(), end()),
        run(passed("a::x"), end(), own_status=False),
        run(passed("a::x"), end(exit=2)),
        run(passed("a::x"), end(exit=3)),
        run(end(exit=4, tail="ERROR: no such option")),
        run(passed("a::x"), unit="a::y", limit="total"),
        run(limit="cpu", lead=True),
    ],
)
def test_a_gate_run_without_full_evidence_has_a_problem(facts: dict[str, Any]) -> None:
    assert gate_result(GATE, result(facts)).problem


def test_a_test_that_is_reported_twice_fails() -> None:
    gate = gate_result(GATE, result(run(passed("a::x"), passed("a::x"), end())))
    assert gate.tests["a::x"].verdict is Verdict.FAIL


def test_stubs_reached_at_import_are_kept_apart_from_those_reached_by_tests() -> None:
    reached = [
        {"type": "reached", "stub": "m:f", "node": "a::x", "collector": ""},
        {"type": "reached", "stub": "m:g", "node": "", "collector": "a"},
    ]
    gate = gate_result(GATE, result(run(*reached, passed("a::x"), end())))
    assert gate.tests["a::x"].reached == {"m:f"}
    assert gate.reached_at_import == {"a": frozenset({"m:g"})}


@pytest.mark.parametrize("outcome", ["skipped", "xfailed"])
def test_a_skipped_test_keeps_the_stubs_it_reached(outcome: str) -> None:
    reached = {"type": "reached", "stub": "m:f", "node": "a::x", "collector": ""}
    everywhere = {"type": "reached", "stub": "m:g", "node": "", "collector": ""}
    skipped = {**passed("a::x"), "phases": ["passed", outcome, "passed"]}
    other = {**passed("a::y"), "phases": ["skipped", "passed"]}
    gate = gate_result(GATE, result(run(reached, everywhere, skipped, other, end())))
    assert gate.skipped == {"a::x", "a::y"}
    assert gate.skipped_after == {"a::x": frozenset({"m:f"})}
    assert gate.tests == {}


def test_an_unexpected_pass_is_a_pass() -> None:
    gate = gate_result(GATE, result(run({**passed("a::x"), "phases": ["passed", "xpassed", "passed"]}, end())))
    assert gate.tests["a::x"].verdict is Verdict.PASS
    assert gate.skipped == frozenset()


def test_an_odd_gate_answer_is_a_problem() -> None:
    assert gate_result(GATE, {}).problem.startswith("sandbox:")
