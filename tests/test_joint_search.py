"""Stubs that need each other, above a scripted model and a scripted sandbox: chosen together or not at all."""

from __future__ import annotations

import pytest
from joint_world import ODD, WRONG, F, G, World, body_of

from pytest_supercharger.domain import Decision, PairResult, Verdict
from pytest_supercharger.errors import SandboxError
from pytest_supercharger.options import Settings
from pytest_supercharger.sandbox.base import GateResult


def test_two_that_only_run_together_are_accepted_together():
    outcomes = World({"f": F, "g": G}).outcomes()
    assert {outcome.decision for outcome in outcomes.values()} == {Decision.ACCEPTED}
    assert outcomes["f"].together == {"m:g": outcomes["g"].candidate.id}
    assert outcomes["g"].reason == "the evidence suffices; chosen together with m:f"


def test_candidates_that_are_as_good_as_each_other_are_weighed_beside_one_of_them():
    world = World({"f": F, "g": G})
    world.outcomes()
    tried = {overlay["m.py"] for kind, overlay, _ in world.sandbox.calls if kind == "probe" and overlay}
    drawn = {f"return {code}".encode() for code in (*F, *G)}
    together = {text for text in tried if sum(text.count(body + b"\n") for body in drawn) == 2}  # mutants left out
    assert 1 < len(together) <= len(F) + len(G)


def test_mutants_of_one_stand_beside_the_body_of_the_other():
    world = World({"f": F, "g": G})
    world.outcomes()
    overlays = [overlay for _, overlay, _ in world.sandbox.calls if body_of("f", overlay)]
    mutants = [overlay for overlay in overlays if body_of("f", overlay).strip().removeprefix("return ") not in F]
    assert mutants
    assert all(body_of("g", overlay) for overlay in mutants)


def test_a_test_that_is_to_blame_for_its_verdict_refuses_nobody():
    world = World({"f": F, "g": G})
    run, changed = world.sandbox.run_tests, []

    def run_tests(overlay, tests, *, isolated=False):
        results = run(overlay, tests, isolated=isolated)
        wavering = next((test for test in tests if "f(3)" in test.source), None) if isolated else None
        if wavering is not None and body_of("f", overlay) and not changed and len(tests) > 2:
            changed.append(wavering.id)
            results[wavering.id] = PairResult(verdict=Verdict.FAIL, detail="AssertionError")
        elif wavering is not None and len(tests) == 1 and not body_of("f", overlay):
            results[wavering.id] = PairResult(verdict=Verdict.PASS)
        return results

    world.sandbox.run_tests = run_tests
    outcomes = world.outcomes()
    assert changed
    assert {outcome.decision for outcome in outcomes.values()} == {Decision.ACCEPTED}


def test_too_few_tokens_for_a_whole_code_and_suite_confirm_nothing():
    outcomes = World({"f": F, "g": G}).outcomes(Settings(tokens=7500))
    assert {outcome.decision for outcome in outcomes.values()} == {Decision.ABSTAINED}
    assert "could not be confirmed with a fresh code and a fresh test suite" in outcomes["f"].reason


def test_three_in_a_ring_are_accepted_together():
    rings = {name: [code.replace("f(", f"{after}(") for code in G] for name, after in zip("fgh", "ghf", strict=True)}
    outcomes = World(rings).outcomes()
    assert {outcome.decision for outcome in outcomes.values()} == {Decision.ACCEPTED}
    assert list(outcomes["g"].together) == ["m:f", "m:h"]


def test_a_pair_of_which_one_is_wrong_is_passed_over():
    outcomes = World({"f": F, "g": ("f(x) - 7", *G)}).outcomes()
    assert outcomes["g"].decision is Decision.ACCEPTED
    assert not any(wrong in outcomes["g"].candidate.body for wrong in WRONG)


def test_the_choice_moves_to_what_most_candidates_do():
    odd = "f(x) - 1 * 5"
    outcomes = World({"f": F, "g": (odd, odd, *G, *(f"{code} + 0" for code in G))}).outcomes(Settings(confidence=0.7))
    assert {outcome.decision for outcome in outcomes.values()} == {Decision.ACCEPTED}
    assert ODD not in outcomes["g"].candidate.body


def test_none_is_accepted_where_no_pair_passes_and_the_reason_names_the_other():
    outcomes = World({"f": F, "g": [f"f(x) {wrong}" for wrong in WRONG]}).outcomes()
    assert {outcome.decision for outcome in outcomes.values()} == {Decision.ABSTAINED}
    for name, other in ("fg", "gf"):
        reason = outcomes[name].reason
        assert reason.startswith(
            f"needs m:{other}, which needs this one; no pair of candidates passes the checks of both"
        )
        assert "(12 tried)" in reason


def test_what_got_no_answer_beside_a_slow_body_may_be_right_beside_another():
    reached = PairResult(verdict=Verdict.FAIL, reached=frozenset({"m:f", "m:g"}))

    def gate(overlay, nodeids):
        text = overlay.get("m.py", b"").decode()
        if "- 0" in text and "NotImplementedError" not in text:
            return GateResult(problem="time-out after 300 s")
        passed = PairResult(verdict=Verdict.PASS)
        return GateResult(tests={"t.py::test": passed if overlay and "NotImplementedError" not in text else reached})

    slow = "f(x) - 1 - 0"
    outcomes = World({"f": F[:1], "g": (slow, slow, *G)}, gate=gate).outcomes()
    assert {outcome.decision for outcome in outcomes.values()} == {Decision.ACCEPTED}
    assert "- 0" not in outcomes["g"].candidate.body


def test_a_joint_choice_that_breaks_off_ends_every_search_of_the_circle():
    world = World({"f": F, "g": G})
    judge = world.sandbox._judge

    def breaking(overlay, test):
        if overlay and b"NotImplementedError" not in overlay["m.py"]:
            raise SandboxError("Docker went away")
        return judge(overlay, test)

    world.sandbox._judge = breaking
    endings = world.endings()
    assert sorted(map(str, endings)) == [
        "Docker went away",
        "the joint choice with the stubs that it needs broke off",
    ]


def test_what_needs_nobody_wins_where_it_suffices():
    outcomes = World({"f": F, "g": ("x", "+x", "x + 0", "0 + x", "f(x) - 1")}).outcomes()
    assert {outcome.decision for outcome in outcomes.values()} == {Decision.ACCEPTED}
    assert outcomes["f"].together == outcomes["g"].together == {}


def test_one_that_recurs_into_itself_needs_nobody():
    outcomes = World({"f": ("f(x) - 0", "f(x) + 0", "0 + f(x)", "+f(x)")}).outcomes()
    assert outcomes["f"].decision is Decision.ACCEPTED
    assert outcomes["f"].together == {}


def test_one_outside_waits_for_the_circle_and_is_filled_after_it():
    outcomes = World({"f": F, "g": G, "h": ("f(x) + 0", "0 + f(x)", "+f(x)", "f(x) - 0")}).outcomes()
    assert {outcome.decision for outcome in outcomes.values()} == {Decision.ACCEPTED}
    assert outcomes["h"].together == {}


def test_a_stub_that_only_the_bodies_of_all_lead_to_is_waited_for_and_chosen_with_them():
    """Alone, candidates of g stop at f, and h waits for f: that g needs h shows once f and g are filled."""
    behind = ("h(x) + 0 * f(x)", "+h(x) + 0 * f(x)", "h(x) - 0 * f(x)", "h(x) + f(x) * 0")
    outcomes = World({"f": F, "g": behind, "h": G}).outcomes()
    assert {outcome.decision for outcome in outcomes.values()} == {Decision.ACCEPTED}
    assert list(outcomes["f"].together) == ["m:g", "m:h"]


def test_what_a_stub_that_is_decided_in_the_meantime_needs_is_not_waited_for_for_ever():
    behind = ("h(x) + 0 * f(x)", "+h(x) + 0 * f(x)", "h(x) - 0 * f(x)", "h(x) + f(x) * 0")
    outcomes = World({"f": F, "g": behind, "h": [f"f(x) {wrong}" for wrong in WRONG]}).outcomes()
    assert {outcome.decision for outcome in outcomes.values()} == {Decision.ABSTAINED}


@pytest.mark.parametrize("settings", [Settings(samples=3, confidence=0.99999)])
def test_a_choice_that_passes_everything_and_is_not_sure_enough_is_none(settings):
    outcomes = World({"f": F, "g": G}).outcomes(settings)
    assert {outcome.decision for outcome in outcomes.values()} == {Decision.ABSTAINED}
    assert "is below 1.00" in outcomes["f"].reason


@pytest.mark.parametrize("more", [(), ("x", "x + 0")])
def test_a_stub_whose_dependency_abstained_says_so(more):
    """Also where candidates that need nobody are what the search ended with."""
    outcomes = World({"f": (*F, *more), "h": [f"x {wrong}" for wrong in WRONG]} | {"g": ("h(x)",)}).outcomes()
    assert {outcome.decision for outcome in outcomes.values()} == {Decision.ABSTAINED}
    assert "m:h, which is not filled" in outcomes["g"].reason
    assert "m:g, which is not filled" in outcomes["f"].reason
