"""Gate runs whose tests do otherwise from run to run: what is steady, and what is flaky."""

from __future__ import annotations

import pytest
from scripted_gate import FAIL, PASS, Scripted, reached

from pytest_supercharger.domain import PairResult, Verdict
from pytest_supercharger.projecttests import ProjectTests
from pytest_supercharger.sandbox.base import GateResult


def test_a_test_that_does_otherwise_with_the_stubs_open_does_not_gate():
    """It calls another stub, calls none, or catches what a call raises."""
    first = {name: reached("m:f") for name in ("t::same", "t::other", "t::none", "t::caught", "t::lost")}
    again = first | {
        "t::other": reached("m:g"),
        "t::none": PASS,
        "t::caught": PairResult(verdict=Verdict.PASS, reached=frozenset({"m:f"})),
        "t::lost": PairResult(verdict=Verdict.INFRA),
    }
    sandbox = Scripted(GateResult(tests=first | {"t::free": FAIL}), GateResult(tests=again))
    tests = ProjectTests(sandbox, None)
    tests.discover()
    lines = tests.repeat()
    assert sandbox.asked[1] == ({}, tuple(sorted(first)))
    assert [line.partition(" ")[0] for line in lines] == ["t::caught", "t::none", "t::other"]
    assert lines[0].endswith("does not do the same each time it is run; it does not gate")
    assert tests.flaky == ("t::caught", "t::none", "t::other")
    assert tests.reaching(["m:f", "m:g"]) == ("t::lost", "t::same")


def test_a_test_that_an_open_stub_leaves_waiting_is_none_that_does_otherwise():
    ends, waits = reached("m:f"), PairResult(verdict=Verdict.TIMEOUT, reached=frozenset({"m:f"}))
    sandbox = Scripted(GateResult(tests={"a": ends, "b": waits}), GateResult(tests={"a": waits, "b": ends}))
    tests = ProjectTests(sandbox, None)
    tests.discover()
    assert tests.repeat() == ()
    assert tests.reaching(["m:f"]) == ("a", "b")


def test_where_no_test_reaches_a_stub_nothing_is_repeated():
    sandbox = Scripted(GateResult(tests={"t::a": PASS}))
    tests = ProjectTests(sandbox, None)
    tests.discover()
    assert tests.repeat() == ()
    assert len(sandbox.asked) == 1


def failing(*again, names=("a", "b")):
    """What the gate says of a body with which these tests fail first."""
    found = {f"t::{name}": reached("m:f") for name in names}
    failed = GateResult(tests=dict.fromkeys(found, FAIL))
    sandbox = Scripted(GateResult(tests=found), failed, *again)
    tests = ProjectTests(sandbox, None)
    tests.discover()
    return tests.gate({"m.py": b"x"}, ["m:f"]), sandbox, tests


def test_a_failure_that_is_none_the_second_time_is_unsteady_and_a_failure_all_the_same():
    verdict, sandbox, tests = failing(GateResult(tests={"t::a": PASS, "t::b": FAIL}))
    assert sandbox.asked[-1] == ({"m.py": b"x"}, ("t::a", "t::b"))
    assert not verdict.passed
    assert (set(verdict.failures), verdict.unsteady) == ({"t::a", "t::b"}, {"t::a"})
    assert tests.excuse(["t::a"]) == ("t::a does not do the same each time it is run; it does not gate",)
    assert tests.excuse(["t::a"]) == ()
    tests.gate({}, ["m:f"])
    assert ("t::b",) in [asked for _, asked in sandbox.asked]


def test_a_body_that_fails_many_tests_is_not_run_again():
    _, sandbox, _ = failing(names="abcd")
    assert len(sandbox.asked) == 2


def test_a_test_that_fails_for_what_others_leave_behind_is_steady():
    """A body that changes its argument in place fails the test after the one that handed it over, each time."""

    class InPlace:
        def gate(self, overlay, nodeids):
            if not overlay:
                return GateResult(tests=dict.fromkeys(("t::a", "t::b"), reached("m:f")))
            return GateResult(tests={node: FAIL if "t::a" in nodeids and node == "t::b" else PASS for node in nodeids})

    tests = ProjectTests(InPlace(), None)
    tests.discover()
    verdict = tests.gate({"m.py": b"x"}, ["m:f"])
    assert (set(verdict.failures), verdict.unsteady) == ({"t::b"}, frozenset())


class InOrder:
    """A suite in which tests rest on `t::first`, in the order of the project.

    `t::early` and `u::early` get to the stub only after it, `t::late` passes only after it.
    """

    def __init__(self, *names):
        self.suite = ("t::first", "t::broken", *names, "u::coin")
        self.asked = []

    def gate(self, overlay, nodeids):
        self.asked.append(nodeids)
        ran = [node for node in self.suite if nodeids is None or {node, node[0]} & {*nodeids}]
        return GateResult(tests={node: self.came_of(node, overlay, "t::first" in ran) for node in ran})

    def came_of(self, node, overlay, first_ran):
        if node in ("t::first", "t::broken"):
            return PASS if node == "t::first" else FAIL
        if node == "u::coin":
            return PASS if len(self.asked) % 2 or overlay else reached("m:f")
        if not overlay:
            return reached("m:f") if first_ran or node == "t::late" else FAIL
        return PASS if first_ran and overlay == {"m.py": b"right"} else FAIL


@pytest.mark.parametrize(
    ("names", "around"),
    [
        (("t::early",), ("t", "t::early")),
        (("t::late",), ("t", "t::late")),
        (("u::early",), None),
        (("t::early", "t::late", "u::early"), ("t", "t::early", "t::late", "u", "u::early")),
    ],
)
def test_a_test_that_rests_on_others_is_run_among_them_and_gates(names, around):
    sandbox = InOrder(*names)
    tests = ProjectTests(sandbox, None)
    tests.discover()
    early = [name for name in names if "early" in name]
    assert [line.partition(" ")[0] for line in tests.repeat()] == early
    for body, passed in ((b"wrong", False), (b"right", True), (b"wrong", False)):
        verdict = tests.gate({"m.py": body}, ["m:f"])
        assert (verdict.passed, set(verdict.failures)) == (passed, set() if passed else set(names))
    assert verdict.unsteady == frozenset()
    assert tests.flaky == ()
    assert sandbox.asked[-1] == around
    tests.culprits(lambda left_out: {"m.py": b"right"}, ["m:g"], names[-1])
    assert sandbox.asked[-1] == (around and tuple(node for node in around if "::" not in node or node == names[-1]))


def test_a_test_that_changes_in_one_and_the_same_order_is_flaky_whoever_else_runs():
    tests = ProjectTests(InOrder("t::early"), None)
    tests.discover()
    tests.repeat()
    assert tests.flaky == ()
    coin = InOrder()
    coin.asked.append(None)  # so that it reaches the stub the first time
    tests = ProjectTests(coin, None)
    tests.discover()
    (line,) = tests.repeat()
    assert line == "u::coin does not do the same each time it is run; it does not gate"


@pytest.mark.parametrize(("others", "whole"), [(1, 4), (0, 1)])
def test_a_wider_run_is_tried_for_a_few_bodies_only_and_where_it_adds_something(others, whole):
    sandbox = InOrder("t::late")
    sandbox.suite = sandbox.suite[: 3 + others]
    tests = ProjectTests(sandbox, None)
    tests.discover()
    for _ in range(5):
        tests.gate({"m.py": b"wrong"}, ["m:f"])
    assert (sandbox.asked.count(("t", "t::late")), sandbox.asked.count(None)) == (3, whole)


def test_a_wider_run_that_says_nothing_of_a_test_neither_clears_nor_blames_it():
    whole, alone = {"t::a": reached("m:f"), "t::b": PASS}, GateResult(tests={"t::a": FAIL})
    sandbox = Scripted(GateResult(tests=whole), alone, alone, GateResult(problem="time-out after 300 s"))
    tests = ProjectTests(sandbox, None)
    tests.discover()
    assert (tests.repeat(), tests.flaky, tests.reaching(["m:f"])) == ((), (), ("t::a",))
    tests.gate({}, ["m:f"])
    assert sandbox.asked[4] == ({}, ("t::a",))


def test_what_is_learned_for_another_stub_between_two_runs_of_a_body_does_not_make_it_unsteady():
    class Shared(InOrder):
        other = None

        def gate(self, overlay, nodeids):
            result = super().gate(overlay, nodeids)
            if overlay and self.other:
                ask, self.other = self.other, None
                ask()
            return result

    sandbox = Shared("t::late")
    tests = ProjectTests(sandbox, None)
    tests.discover()
    sandbox.other = lambda: tests.gate({"m.py": b"right"}, ["m:f"])
    assert tests.gate({"m.py": b"right"}, ["m:f"]).passed
