"""The project's own tests as the gate of candidates: which of them speak, and which are waited for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from checker_bench import BLOCKED, CANDIDATE, NODE, PASSED, SILENT, SOURCE, Bench, project_test, suite

from pytest_supercharger import stubs
from pytest_supercharger.domain import Candidate, Decision, Outcome, PairResult, Verdict
from pytest_supercharger.ledger import Waited
from pytest_supercharger.sandbox.base import GateResult


@pytest.mark.parametrize(("reached", "checks"), [(frozenset(), 1), (frozenset({"m:other"}), 0)])
def test_a_project_test_that_another_stub_stops_vouches_for_nobody(reached, checks):
    def gate(overlay, nodeids):
        stopped = PairResult(verdict=Verdict.FAIL, reached=frozenset({"m:f"}))
        filled = PairResult(verdict=Verdict.FAIL if reached else Verdict.PASS, reached=reached)
        return GateResult(tests={NODE: filled if overlay else stopped})

    bench = Bench(gate=gate)
    bench.checker.add_candidate(CANDIDATE)
    assert bench.matrix.vouched("c")
    assert bench.matrix.evidence().trusted_checks == checks


TWO = replace(SOURCE, data=SOURCE.data + b"\n\n@supercharge\ndef h(x):\n    'Return x.'\n    ...\n")


def fill_h(bench, body):
    _, h = stubs.find(TWO)
    candidate = Candidate(id=body, text_id=body, body=body)
    bench.ledger.settle(Outcome(stub=h, decision=Decision.ACCEPTED, candidate=candidate, reason=""))
    return h, candidate


def through_h(overlay, nodeids):
    """A project test that calls `h`, and `f` only where the body of `h` does."""
    text = overlay.get("m.py", b"")
    if b"return f(x)" in text and b"return g(x)" not in text:
        reached = frozenset({"m:f"})
    else:
        reached = frozenset() if b"return f(x)" in text or b"return x" in text else frozenset({"m:h"})
    return GateResult(tests={NODE: PairResult(verdict=Verdict.FAIL if reached else Verdict.PASS, reached=reached)})


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize(("chosen", "checks"), [("return f(x)\n", 1), ("return x\n", 0)])
def test_a_project_test_that_reached_the_stub_from_a_body_that_was_thrown_away_does_not_speak(chosen, checks, together):
    bench = Bench(source=TWO, gate=through_h)
    thrown = fill_h(Bench(source=TWO), "return f(x)\n")
    bench.tests.gate(bench.ledger.overlay([thrown]), ["m:h"])
    assert bench.tests.reaching(["m:f"]) == (NODE,)
    if together:
        bench.checker.stand_beside([fill_h(Bench(source=TWO), chosen)])
    else:
        fill_h(bench, chosen)
    bench.checker.add_candidate(CANDIDATE)
    assert bench.matrix.vouched("c")
    assert bench.matrix.evidence().trusted_checks == checks
    assert bench.matrix.gate_tests("c") == (NODE,) * checks
    (other,) = bench.matrix.add_code([replace(CANDIDATE, id="d")])
    before = len(bench.calls("gate"))
    bench.checker.add_candidate(other)
    assert len(bench.calls("gate")) == before + 1  # what is open beside the same bodies is known


def test_a_module_that_calls_the_stub_while_it_is_imported_counts_once_and_its_tests_gate():
    def gate(overlay, nodeids):
        if not overlay:
            return GateResult(errors={"t.py": "StubNotFilled"}, reached_at_import={"t.py": frozenset({"m:f"})})
        return GateResult(tests={f"t.py::test_{n}": PairResult(verdict=Verdict.PASS) for n in range(8)})

    bench = Bench(gate=gate)
    bench.checker.add_candidate(CANDIDATE)
    assert bench.matrix.evidence().trusted_checks == 1
    assert len(bench.matrix.gate_tests("c")) == 8


def test_a_gate_without_an_answer_is_asked_once_more():
    bench = Bench(gate=project_test(SILENT, PASSED))
    bench.checker.add_candidate(CANDIDATE)
    assert bench.matrix.vouched("c")


def test_a_gate_that_never_answers_is_the_reason_that_is_told():
    bench = Bench(gate=project_test(SILENT))
    bench.checker.add_candidate(CANDIDATE)
    assert not bench.matrix.vouched("c")
    said = bench.matrix.why_none("no candidate passes the trusted tests")
    assert said.endswith("the usual one got no answer from the project tests: time-out after 300 s")
    assert len(bench.calls("gate")) == 3  # one without a candidate


def test_the_gate_is_asked_again_when_the_stub_that_blocked_it_is_filled(monkeypatch):
    bench = Bench(gate=project_test(BLOCKED, PASSED))
    bench.checker.add_candidate(CANDIDATE)
    bench.checker.add_tests(bench.matrix.add_tests(suite()))
    assert bench.matrix.gate_tests("c") == ()
    monkeypatch.setattr(bench.ledger, "is_accepted", lambda stub: stub == "m:g")
    bench.checker.add_tests(bench.matrix.add_tests(suite(2)))
    assert bench.matrix.gate_tests("c") == (NODE,)


def test_what_a_filled_stub_lets_a_project_test_say_rules_a_candidate_out(monkeypatch):
    failed = GateResult(tests={NODE: PairResult(verdict=Verdict.FAIL, detail="assert 1 == 2")})
    bench = Bench(gate=project_test(BLOCKED, failed))
    bench.checker.add_candidate(CANDIDATE)
    assert bench.matrix.vouched("c")
    monkeypatch.setattr(bench.ledger, "is_accepted", lambda stub: stub == "m:g")
    bench.checker.add_tests(bench.matrix.add_tests(suite()))
    assert bench.matrix.failing_trusted("c") == (NODE, "assert 1 == 2")


def test_without_a_project_test_that_speaks_the_stubs_that_tests_stop_at_are_waited_for():
    asked = []

    def wait(other):
        asked.append(other)
        fill_h(bench, "return f(x)\n")
        bench.tests.gate(bench.ledger.overlay(), [other])  # whoever fills that stub runs its tests: they get to ours
        return Waited.FILLED

    bench = Bench(source=TWO, gate=through_h, wait=wait)
    bench.checker.add_candidate(CANDIDATE)
    assert bench.matrix.gate_tests() == ()
    assert bench.checker.hear_more()
    assert bench.matrix.gate_tests() == (NODE,)
    assert not bench.checker.hear_more()
    assert asked == ["m:h"]


def test_a_stub_that_stops_some_of_the_tests_is_waited_for_although_others_have_spoken():
    filled = []
    spoke, stopped = PairResult(verdict=Verdict.PASS), PairResult(verdict=Verdict.FAIL, reached=frozenset({"m:g"}))

    def gate(overlay, nodeids):
        if not overlay:
            reached = PairResult(verdict=Verdict.FAIL, reached=frozenset({"m:f"}))
            return GateResult(tests={NODE: reached, "t.py::test_g": reached})
        return GateResult(tests={NODE: spoke, "t.py::test_g": spoke if filled else stopped})

    def wait(other):
        filled.append(other)
        return Waited.FILLED

    bench = Bench(gate=gate, wait=wait)
    bench.tests.discover()
    bench.ledger.is_accepted = filled.__contains__
    bench.checker.add_candidate(CANDIDATE)
    assert bench.matrix.gate_tests() == (NODE,)
    assert bench.checker.hear_more()
    assert bench.matrix.gate_tests() == (NODE, "t.py::test_g")
    assert not bench.checker.hear_more()
    assert filled == ["m:g"]


def test_where_none_has_spoken_the_tests_that_are_known_to_reach_a_stub_go_on_once_what_stopped_them_is_filled():
    filled = []

    def gate(overlay, nodeids):
        stub = "m:g" if overlay else "m:f"
        if overlay and filled:
            return GateResult(tests={NODE: PairResult(verdict=Verdict.PASS)})
        return GateResult(tests={NODE: PairResult(verdict=Verdict.FAIL, reached=frozenset({stub}))})

    def wait(other):
        filled.append(other)
        return Waited.FILLED

    bench = Bench(gate=gate, wait=wait)
    bench.ledger.is_accepted = filled.__contains__
    bench.checker.add_candidate(CANDIDATE)
    assert bench.matrix.gate_tests() == ()
    while not filled:
        assert bench.checker.hear_more()
    assert bench.matrix.gate_tests() == (NODE,)
    assert not bench.checker.hear_more()


def test_candidates_that_tests_reach_through_a_stub_that_waits_for_theirs_are_set_aside_for_a_joint_choice():
    bench = Bench(gate=project_test(BLOCKED), wait=lambda other: Waited.CIRCLE)
    bench.tests.gate({"m.py": b""}, ["m:f"])
    bench.checker.add_candidate(CANDIDATE)
    while bench.checker.hear_more():
        pass
    assert bench.checker.aside.needs == {"m:g"}


def test_a_stub_whose_candidates_call_this_one_is_chosen_together_with_it_though_tests_stop_before_both():
    bench = Bench(gate=lambda overlay, nodeids: BLOCKED, wait=lambda other: Waited.CIRCLE)
    bench.checker.add_candidate(CANDIDATE)
    assert not bench.checker.hear_more()
    assert not bench.checker.aside.needs  # it waits for this one, no more
    bench.ledger.needs = lambda *both: both == ("m:g", "m:f")
    assert not bench.checker.hear_more()
    assert bench.checker.aside.needs == {"m:g"}
