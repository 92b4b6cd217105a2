"""Batches of tests and canaries on forged facts: each test needs evidence of its own."""

from __future__ import annotations

from typing import Any

import pytest
from forged import FILE, JOB, NODE, TEST, end, failed, passed, result, run

from pytest_supercharger.domain import GeneratedTest, Verdict
from pytest_supercharger.sandbox import verdict as rules
from pytest_supercharger.sandbox.canaries import Canary
from pytest_supercharger.sandbox.protocol import module_name
from pytest_supercharger.sandbox.verdict import screen_result

OTHER = GeneratedTest(id="u", name="test_it", source="def test_it():\n    pass\n")
OTHER_NODE = f"{module_name(OTHER)}.py::test_it"


def screened(*messages: dict[str, Any], **fields: Any) -> tuple[set[str], set[str]]:
    screen = screen_result(JOB, result(run(*messages, **fields)), [TEST, OTHER])
    return set(screen.passed), screen.failed


def test_a_batch_with_full_evidence_has_passes_and_failures() -> None:
    both = end(NODE, OTHER_NODE)
    assert screened(passed(), passed(OTHER_NODE), both) == ({"t", "u"}, set())
    assert screened(passed(), failed(node=OTHER_NODE), {**both, "exit": 1}) == ({"t"}, {"u"})
    # To pytest, a test that skips itself is no failure.
    skipped = {**passed(OTHER_NODE), "phases": ["skipped", "passed"]}
    assert screened(passed(), skipped, both) == ({"t"}, {"u"})
    collect = {"type": "collect", "node": f"{module_name(OTHER)}.py", "outcome": "failed", "detail": "ImportError: x"}
    assert screened(passed(), collect, end(exit=1)) == ({"t"}, {"u"})


@pytest.mark.parametrize(
    "messages",
    [
        [passed(), end()],
        [passed(), passed(), passed(OTHER_NODE), end(NODE, OTHER_NODE)],
        [passed(), passed(OTHER_NODE), end(OTHER_NODE)],
        [passed(f"{FILE}::test_more"), passed(OTHER_NODE), end(f"{FILE}::test_more", OTHER_NODE)],
    ],
)
def test_each_test_of_a_batch_needs_evidence_of_its_own(messages: list[dict[str, Any]]) -> None:
    passes, failures = screened(*messages)
    assert len(passes) == len(failures) == 1


@pytest.mark.parametrize(
    ("messages", "fields"),
    [
        ([], {"foreign": 1}),
        ([], {"own_status": False, "status": 0}),
        ([], {"own_status": False, "status": None, "signal": 11}),
        ([], {"leftover": 1}),
        ([], {"limit": "cpu"}),
        ([], {"limit": "output"}),
        ([], {"ooms": 1}),
        ([{"type": "surprise"}], {}),
        ([end(NODE, OTHER_NODE)], {}),
        ([passed("test_stray.py::test_it")], {}),
        ([{"type": "collect", "node": "test_stray.py", "outcome": "failed", "detail": "x"}], {}),
    ],
)
def test_a_batch_that_did_not_end_well_says_nothing(messages: list[dict[str, Any]], fields: dict[str, Any]) -> None:
    good = [passed(), passed(OTHER_NODE), end(NODE, OTHER_NODE)]
    assert screened(*good) == ({"t", "u"}, set())
    assert screened(*messages, *good, **fields) == (set(), set())


@pytest.mark.parametrize(
    "messages",
    [
        [passed(), passed(OTHER_NODE)],
        [passed(), passed(OTHER_NODE), end(NODE, OTHER_NODE, exit=1)],
        [passed(), passed(OTHER_NODE), end(NODE, OTHER_NODE, exit=2)],
        [passed(), passed(OTHER_NODE), end(NODE, OTHER_NODE, "test_stray.py::test_it")],
    ],
)
def test_a_batch_whose_end_is_not_that_of_its_tests_says_nothing(messages: list[dict[str, Any]]) -> None:
    assert screened(*messages) == (set(), set())


def test_a_batch_of_two_runs_or_of_another_job_says_nothing() -> None:
    facts = run(passed(), passed(OTHER_NODE), end(NODE, OTHER_NODE))
    for answer in (result(facts, facts), {**result(facts), "nonce": "n2"}, {}):
        screen = screen_result(JOB, answer, [TEST, OTHER])
        assert not screen.passed
        assert not screen.failed


SINGS, FAILS = (
    Canary(test=GeneratedTest(id=name, name="test_c", source=f"def test_c():\n    {name}\n"), passes=passes)
    for name, passes in (("one", True), ("two", False))
)


@pytest.mark.parametrize(
    ("outcomes", "status", "expected"),
    [
        (["passed", "failed"], 1, Verdict.PASS),
        (["passed", "failed"], 0, Verdict.FAIL),
        (["passed", "passed"], 1, Verdict.FAIL),
        (["failed", "failed"], 1, Verdict.FAIL),
        (["failed", "passed"], 1, Verdict.FAIL),
        (["passed"], 1, Verdict.FAIL),
        ([], 1, Verdict.FAIL),
    ],
)
def test_canaries_have_to_come_to_what_they_come_to(outcomes: list[str], status: int, expected: Verdict) -> None:
    nodes = [f"{module_name(canary.test)}.py::test_c" for canary in (SINGS, FAILS)][: len(outcomes)]
    said = [
        {**passed(node), "phases": ["passed", outcome, "passed"]} for node, outcome in zip(nodes, outcomes, strict=True)
    ]
    answer = result(run(passed(), *said, end(NODE, *nodes, exit=status)))
    assert rules.tests_results(JOB, answer, [TEST], (SINGS, FAILS))["t"].verdict is expected
    assert bool(screen_result(JOB, answer, [TEST], (SINGS, FAILS)).passed) is (expected is Verdict.PASS)
