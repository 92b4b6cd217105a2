"""Verdict rules on forged facts: each rule has a result that only this rule keeps from passing."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_supercharger.domain import GeneratedTest, Output, OutputKind, PairResult, Probe, Verdict
from pytest_supercharger.sandbox import verdict as rules
from pytest_supercharger.sandbox.canaries import Canary
from pytest_supercharger.sandbox.inside import jobs
from pytest_supercharger.sandbox.protocol import module_name
from pytest_supercharger.sandbox.verdict import expected_tests, gate_result, probe_result, screen_result

JOB = {"id": 3, "nonce": "n1", "kind": "tests"}
TEST = GeneratedTest(id="t", name="test_it", source="def test_it():\n    assert True\n")
FILE = f"{module_name(TEST)}.py"
NODE = f"{FILE}::test_it"
PROBES = (
    Probe(id="a", imports="", setup="", expression="f(1)"),
    Probe(id="b", imports="", setup="", expression="f(2)"),
)


def passed(node: str = NODE) -> dict[str, Any]:
    return {"type": "test", "node": node, "phases": ["passed"] * 3, "seconds": 0.1}


def failed(detail: str = "AssertionError: assert 3 == 4", **fields: Any) -> dict[str, Any]:
    phases = ["passed", "failed", "passed"]
    return {**passed(), "phases": phases, "error": "AssertionError", "detail": detail, "where": "x.py:3", **fields}


def end(*nodes: str, exit: int = 0, **fields: Any) -> dict[str, Any]:
    return {"type": "end", "exit": exit, "collected": list(nodes or [NODE]), "changed": [], **fields}


def run(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    facts = {
        "messages": list(messages),
        "foreign": 0,
        "status": 70,
        "signal": None,
        "own_status": True,
        "limit": "",
        "starved": False,
        "ooms": 0,
        "leftover": 0,
        "unit": "",
        "lead": False,
        "cpu": 0.1,
        "wall": 0.2,
    }
    return {**facts, **fields}


def result(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"id": 3, "nonce": "n1", "kind": "result", "runs": list(runs), "clean": True}


def judge(*messages: dict[str, Any], test: GeneratedTest = TEST, **fields: Any) -> PairResult:
    return rules.tests_results(JOB, result(run(*messages, **fields)), [test])["t"]


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


def said(unit: str, kind: str = "value", text: str = "4", frame: str | None = None) -> list[dict[str, Any]]:
    frame = text if frame is None else frame
    return [
        {"type": "output", "unit": unit, "kind": kind, "text": text, "frame": frame, "preview": text},
        {"type": "ended", "unit": unit, "status": 70},
    ]


def outputs(*runs: dict[str, Any]) -> dict[str, Output]:
    return probe_result(JOB, result(*runs), PROBES)


FULL = [*said("0:0"), *said("0:1"), *said("1:0"), *said("1:1")]


def test_two_equal_runs_make_an_output() -> None:
    assert {key: (output.kind, output.text) for key, output in outputs(run(*FULL, end())).items()} == {
        "a": (OutputKind.VALUE, "4"),
        "b": (OutputKind.VALUE, "4"),
    }


@pytest.mark.parametrize(
    ("messages", "fields", "kind"),
    [
        ([*said("0:0"), *said("0:1", text="5")], {}, OutputKind.UNSTABLE),
        ([*said("0:0", frame="m.C"), *said("0:1", text="5", frame="m.C")], {}, OutputKind.OPAQUE),
        ([*said("0:0", text="'<state of '"), *said("0:1", text="' <state of '")], {}, OutputKind.UNSTABLE),
        ([*said("0:0"), *said("0:1", kind="exception")], {}, OutputKind.UNSTABLE),
        ([*said("0:0", kind="nonsense"), *said("0:1", kind="nonsense")], {}, OutputKind.OPAQUE),
        ([*said("0:0"), *said("0:1")], {"foreign": 1}, OutputKind.OPAQUE),
        ([{**message, "status": 0} if "status" in message else message for message in FULL], {}, OutputKind.EXCEPTION),
        ([*said("0:0")[:1], *said("0:0"), *said("0:1")], {}, OutputKind.UNSTABLE),
        ([], {"unit": "0:0", "limit": "cpu"}, OutputKind.TIMEOUT),
        ([], {"unit": "0:0", "limit": "wall", "starved": True}, OutputKind.INFRA),
        ([], {"unit": "0:0", "ooms": 1, "status": None, "signal": 9}, OutputKind.MEMORY),
        ([], {"unit": "0:0", "status": 0}, OutputKind.EXCEPTION),
        (said("0:0"), {"unit": "0:1", "limit": "cpu"}, OutputKind.UNSTABLE),
        ([], {"limit": "cpu", "lead": True}, OutputKind.TIMEOUT),
        ([{"type": "import", "error": "ImportError", "detail": "ImportError: x"}], {}, OutputKind.EXCEPTION),
        ([{"type": "import", "error": "MemoryError", "detail": ""}], {}, OutputKind.MEMORY),
        ([{"type": "ended", "unit": "0:0", "status": 0}] * 1 + said("0:1"), {}, OutputKind.UNSTABLE),
    ],
)
def test_probe_rules(messages: list[dict[str, Any]], fields: dict[str, Any], kind: OutputKind) -> None:
    assert outputs(run(*messages, **fields))["a"].kind is kind


def test_an_odd_answer_makes_every_probe_infra() -> None:
    assert {output.kind for output in probe_result(JOB, {}, PROBES).values()} == {OutputKind.INFRA}


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
