"""Verdict rules on forged facts: each rule has a result that only this rule keeps from passing."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from forged import FILE, JOB, NODE, PROBES, TEST, end, failed, judge, passed, result, run
from hypothesis import given
from hypothesis import strategies as st

from pytest_supercharger.domain import GeneratedTest, PairResult, Verdict
from pytest_supercharger.sandbox import verdict as rules
from pytest_supercharger.sandbox.protocol import module_name
from pytest_supercharger.sandbox.verdict import expected_tests, gate_result, probe_result


def test_full_evidence_is_a_pass() -> None:
    assert judge(passed(), end()) == PairResult(verdict=Verdict.PASS, seconds=0.1)


@pytest.mark.parametrize(
    "fields",
    [
        {"foreign": 1},
        {"own_status": False, "status": 0},
        {"own_status": False, "status": None, "signal": 11},
        {"leftover": 1},
    ],
)
def test_no_pass_when_something_else_happened(fields: dict[str, Any]) -> None:
    assert judge(passed(), end(), **fields).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("fields", "verdict", "setting"),
    [
        ({"limit": "output"}, Verdict.OUTPUT, "supercharge_output"),
        ({"limit": "processes"}, Verdict.PROCESSES, "supercharge_processes"),
        ({"limit": "cpu"}, Verdict.TIMEOUT, "--supercharge-test-seconds"),
        ({"ooms": 1}, Verdict.MEMORY, "--supercharge-memory"),
    ],
)
def test_each_limit_has_its_verdict_and_names_its_setting(
    fields: dict[str, Any], verdict: Verdict, setting: str
) -> None:
    pair = judge(passed(), end(), **fields)
    assert pair.verdict is verdict
    assert f"({setting})" in pair.detail


@pytest.mark.parametrize(
    ("error", "detail", "verdict"),
    [
        ("OSError", "OSError: [Errno 28] No space left on device", Verdict.DISK),
        ("OSError", "OSError: [Errno 27] File too large", Verdict.DISK),
        ("BlockingIOError", "BlockingIOError: [Errno 11] Resource temporarily unavailable", Verdict.PROCESSES),
        ("RuntimeError", "RuntimeError: can't start new thread", Verdict.PROCESSES),
        ("MemoryError", "MemoryError", Verdict.MEMORY),
        ("ValueError", "ValueError: the disk is full", Verdict.FAIL),
    ],
)
def test_what_the_kernel_refuses_is_told_from_what_is_wrong(error: str, detail: str, verdict: Verdict) -> None:
    assert judge(failed(detail, error=error), end(exit=1)).verdict is verdict


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [passed()],
        [end()],
        [passed(), end(), end()],
        [passed(), passed(), end(NODE, NODE)],
        [passed(), passed(), end()],
        [passed(), end(exit=1)],
        [passed(), end(NODE, f"{FILE}::test_more")],
        [passed(f"{FILE}::test_other"), end(f"{FILE}::test_other")],
        [passed(), passed(f"{FILE}::test_other"), end(NODE, f"{FILE}::test_other")],
        [passed(f"{FILE}::test_it[1]"), end(f"{FILE}::test_it[1]")],
        [passed(), {"type": "collect", "node": FILE, "outcome": "failed", "detail": "ImportError: x"}, end()],
        [passed(), {"type": "collect", "node": FILE, "outcome": "skipped", "detail": "no"}, end()],
        [passed(), {"type": "surprise"}, end()],
        [passed(), {"type": "reached", "stub": 1, "node": "", "collector": ""}, end()],
        [{**passed(), "more": 1}, end()],
        [{key: value for key, value in passed().items() if key != "seconds"}, end()],
        [{**passed(), "seconds": True}, end()],
        [passed(), {**end(), "exit": "0"}],
        *([{**passed(), "phases": phases}, end()] for phases in (
            [],
            ["passed"],
            ["passed", "passed"],
            ["passed"] * 4,
            ["passed"] * 6,
            ["passed", "skipped", "passed"],
            ["passed", "xfailed", "passed"],
            ["passed", "xpassed", "passed"],
            ["passed", "rerun", "passed"],
            ["passed", "altered", "passed"],
            ["passed", "passed", "failed"],
            ["failed", "passed"],
        )),
    ],
)  # fmt: skip
def test_no_pass_on_incomplete_or_strange_evidence(messages: list[dict[str, Any]]) -> None:
    assert judge(*messages).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ({"ooms": 1}, Verdict.MEMORY),
        ({"limit": "cpu"}, Verdict.TIMEOUT),
        ({"limit": "wall"}, Verdict.TIMEOUT),
        ({"limit": "total"}, Verdict.TIMEOUT),
        ({"limit": "wall", "starved": True}, Verdict.INFRA),
        ({"limit": "total", "starved": True}, Verdict.INFRA),
        ({"limit": "cpu", "starved": True}, Verdict.TIMEOUT),
    ],
)
def test_limits_have_verdicts_of_their_own(fields: dict[str, Any], verdict: Verdict) -> None:
    assert judge(passed(), end(), **fields).verdict is verdict


@pytest.mark.parametrize("name", list(run()))
def test_a_missing_fact_is_our_fault_and_never_a_pass(name: str) -> None:
    facts = run(passed(), end())
    del facts[name]
    assert rules.tests_results(JOB, result(facts), [TEST])["t"].verdict is Verdict.INFRA


@pytest.mark.parametrize("name", list(run()))
@pytest.mark.parametrize("value", [True, -1, "odd", 1.5, [1], {"a": 1}])
def test_a_fact_of_an_odd_type_never_helps(name: str, value: object) -> None:
    facts = run(passed(), end())
    if type(value) is not type(facts[name]) and name not in ("cpu", "wall", "status", "signal", "unit"):
        assert rules.tests_results(JOB, result({**facts, name: value}), [TEST])["t"].verdict is not Verdict.PASS


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {**result(run(passed(), end())), "nonce": "n2"},
        {**result(run(passed(), end())), "id": 4},
        {**result(run(passed(), end())), "kind": "heartbeat"},
        {**result(run(passed(), end())), "problem": "RuntimeError: no"},
        result(),
        result(run(passed(), end()), run(passed(), end())),
        {**result(), "runs": {}},
        {**result(), "runs": [None]},
    ],
)
def test_an_answer_to_another_question_is_infra(answer: dict[str, Any]) -> None:
    assert rules.tests_results(JOB, answer, [TEST])["t"].verdict is Verdict.INFRA


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=3), children, max_size=3),
    max_leaves=5,
)


def paths(value: Any, base: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for key, item in items for path in [(*base, key), *paths(item, (*base, key))]]


GOOD = result(run(passed(), end()))


@given(st.sampled_from(paths(GOOD)), json_values)
def test_any_change_of_the_evidence_is_taken_without_a_crash(path: tuple[Any, ...], value: object) -> None:
    answer = copy.deepcopy(GOOD)
    place: Any = answer
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    before = json.dumps(answer)
    assert rules.tests_results(JOB, answer, [TEST])["t"].verdict in Verdict
    probe_result(JOB, answer, PROBES)
    gate_result(JOB, answer)
    assert json.dumps(answer) == before


def test_the_reason_of_a_failure_is_shown_with_its_place() -> None:
    assert judge(failed(), end(exit=1)).detail == "AssertionError: assert 3 == 4\nat x.py:3"


def test_a_memory_error_is_a_memory_verdict() -> None:
    assert judge(failed(error="MemoryError"), end(exit=1)).verdict is Verdict.MEMORY


def test_texts_lose_control_characters_and_escapes_and_are_capped() -> None:
    detail = "\x1b[31mred\x1b[0m\x00\x07\u202e\ud800" + "x" * 10_000
    shown = judge(failed(detail), end(exit=1)).detail
    assert shown.startswith("redxxx")
    assert len(shown) <= 2_000
    assert shown.endswith("at x.py:3")


def test_stubs_that_were_reached_are_listed() -> None:
    reached = {"type": "reached", "stub": "m:f", "node": NODE, "collector": ""}
    assert judge(reached, failed(), end(exit=1)).reached == {"m:f"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def test_a(): pass\nasync def test_b(): pass\ndef helper(): pass\n", {"test_a": False, "test_b": False}),
        ("def test_a(x): pass\n", {"test_a": True}),
        ("@mark\ndef test_a(): pass\n", {"test_a": True}),
        ("@fixture(params=[1], autouse=True)\ndef f(): pass\ndef test_a(): pass\n", {"test_a": True}),
        ("class TestA:\n    def test_b(self): pass\n    def c(self): pass\n", {"TestA::test_b": False}),
        ("def test_a(:\n", {}),
        ("", {}),
    ],
)
def test_expected_tests_are_read_from_the_source(source: str, expected: dict[str, bool]) -> None:
    assert expected_tests(source) == expected


def test_every_test_of_the_source_has_to_run() -> None:
    test = GeneratedTest(id="t", name="test_it", source="def test_it(): pass\ndef test_more(): pass\n")
    assert (
        judge(passed(f"{module_name(test)}.py::test_it"), end(f"{module_name(test)}.py::test_it"), test=test).verdict
        is Verdict.FAIL
    )
    nodes = (f"{module_name(test)}.py::test_it", f"{module_name(test)}.py::test_more")
    assert judge(*map(passed, nodes), end(*nodes), test=test).verdict is Verdict.PASS


@pytest.mark.parametrize("value", [-1, False, None])
@pytest.mark.parametrize("name", ["foreign", "ooms", "leftover"])
def test_counts_are_whole_numbers_from_zero(name: str, value: object) -> None:
    assert judge(passed(), end(), **{name: value}).verdict is Verdict.INFRA


def test_each_parameter_set_counts_for_its_test() -> None:
    test = GeneratedTest(id="t", name="test_it", source="def test_it(x):\n    pass\n")
    file = f"{module_name(test)}.py"
    nodes = (f"{file}::test_it[1]", f"{file}::test_it[a-b]")
    assert judge(*map(passed, nodes), end(*nodes), test=test).verdict is Verdict.PASS
    assert judge(passed(f"{file}::test_itx[1]"), end(f"{file}::test_itx[1]"), test=test).verdict is Verdict.FAIL
