"""Reading gate runs."""

from __future__ import annotations

import pytest

from pytest_supercharger.domain import PairResult, Verdict
from pytest_supercharger.errors import SandboxError
from pytest_supercharger.projecttests import ProjectTests, judge
from pytest_supercharger.sandbox.base import GateResult

PASS = PairResult(verdict=Verdict.PASS)
FAIL = PairResult(verdict=Verdict.FAIL, detail="AssertionError: assert 1 == 2\nmore")


class Scripted:
    """A sandbox whose gate answers from a list, the last one from then on."""

    def __init__(self, *results):
        self.results = list(results)
        self.asked = []

    def gate(self, overlay, nodeids):
        self.asked.append((overlay, nodeids))
        return self.results.pop(0) if len(self.results) > 1 else self.results[0]


def reached(*stubs):
    return PairResult(verdict=Verdict.FAIL, detail="StubNotFilled", reached=frozenset(stubs))


def test_every_test_asked_for_must_pass():
    assert judge(GateResult(tests={"t::a": PASS}), ["t::a"]).passed
    verdict = judge(GateResult(tests={"t::a": FAIL}), ["t::a"])
    assert not verdict.passed
    assert verdict.failures == {"t::a": "AssertionError: assert 1 == 2"}


def test_a_test_that_did_not_run_is_a_failure():
    assert judge(GateResult(tests={}), ["t::a"]).failures == {"t::a": "the test did not run"}


def test_a_file_is_answered_by_the_tests_in_it():
    assert judge(GateResult(tests={"t.py::a": PASS}), ["t.py"]).passed


def test_what_the_project_skips_is_no_failure():
    skipped = frozenset({"t::a"})
    assert judge(GateResult(tests={"t::a": FAIL}, skipped=skipped), ["t::a"], skipped).passed
    assert judge(GateResult(skipped=skipped), ["t::a"], skipped).passed


def test_a_test_that_only_the_candidate_skips_is_a_failure():
    skipped = frozenset({"t::a"})
    assert not judge(GateResult(skipped=skipped), ["t::a"]).passed
    assert not judge(GateResult(tests={"t::a": FAIL}, skipped=skipped), ["t::a"]).passed


def test_a_stub_without_which_pytest_does_not_start_is_named_in_one_line():
    result = GateResult(problem="pytest ended with status 4: a\nb", reached_first=frozenset({"m:f"}))
    with pytest.raises(SandboxError, match=r"^no test can run while m:f is a stub: .*, or call it in a fixture$"):
        ProjectTests(Scripted(result), None).discover()


def test_what_failed_before_a_run_broke_off_has_failed():
    verdict = judge(GateResult(tests={"t::a": FAIL}, problem="given up"), ["t::a", "t::b"])
    assert list(verdict.failures) == ["t::a"]
    assert verdict.infra == "given up"


def test_a_test_stopped_by_another_open_stub_says_nothing():
    verdict = judge(GateResult(tests={"t::a": reached("m:other")}), ["t::a"])
    assert verdict.passed
    assert verdict.blocked == {"m:other"}


def test_a_run_without_a_result_is_not_a_pass():
    verdict = judge(GateResult(problem="time-out after 300 s"), ["t::a"])
    assert not verdict.passed
    assert verdict.failures == {}
    assert verdict.infra == "time-out after 300 s"


def test_a_collection_error_fails_the_candidate():
    assert not judge(GateResult(errors={"t.py": "SyntaxError"}), ["t.py"]).passed


def test_tests_that_reach_a_stub_are_found_by_running():
    sandbox = Scripted(
        GateResult(tests={"t::a": reached("m:f"), "t::b": PASS, "t::c": FAIL}), GateResult(tests={"t::a": PASS})
    )
    tests = ProjectTests(sandbox, None)
    lines = tests.discover()
    assert lines == ("t::c fails without any stub; it does not gate",)
    assert tests.reaching(["m:f"]) == ("t::a",)
    assert tests.gate({"m.py": b""}, ["m:f"]).passed
    assert sandbox.asked[1][1] == ("t::a",)


def test_a_stub_further_on_is_found_when_the_first_is_filled():
    sandbox = Scripted(GateResult(tests={"t::a": reached("m:f")}), GateResult(tests={"t::a": reached("m:g")}))
    tests = ProjectTests(sandbox, None)
    tests.discover()
    tests.gate({}, ["m:f"])
    assert tests.reaching(["m:g"]) == ("t::a",)


def test_culprits_are_the_stubs_a_failing_test_goes_through():
    sandbox = Scripted(GateResult(tests={"t::a": reached("m:f")}), GateResult(tests={"t::a": FAIL}))
    tests = ProjectTests(sandbox, None)
    assert tests.culprits(lambda left_out: {"m.py": left_out.encode()}, ["m:f", "m:g"], "t::a") == {"m:f"}


def test_what_gets_to_an_open_stub_is_found_by_running_all_of_it_once():
    """Tests, whole modules that call it while they are imported, and not what only another run went through."""
    first = GateResult(tests={"t::a": reached("m:f"), "t::b": reached("m:f", "m:g"), "t::c": reached("m:g")})
    silent = GateResult(tests={"t::b": PairResult(verdict=Verdict.INFRA)}, problem="given up")
    last = GateResult(
        tests={"t::b": reached("m:f")}, errors={"u": "Error"}, reached_at_import={"v": frozenset({"m:f"})}
    )
    sandbox = Scripted(first, silent, last)
    tests = ProjectTests(sandbox, None)
    tests.discover()
    nodes = ("t::a", "t::b", "t::c", "u::a", "v::C::a[1]", "v::a")
    for _ in range(2):
        found = tests.through({"m.py": b"x"}, "m:f", nodes)
        assert found == {"t::a": "t::a", "t::b": "t::b", "v::C::a[1]": "v", "v::a": "v"}
    assert [asked for _, asked in sandbox.asked] == [None, nodes[1:], nodes[1:]]


def test_a_test_that_calls_one_stub_is_run_all_the_same_where_a_module_got_past_another_one():
    """What the module holds then is another thing with that stub filled, and may lead the test elsewhere."""
    first = GateResult(tests={"t::b": PASS, "u::a": reached("m:f")}, reached_at_import={"t": frozenset({"m:g"})})
    tests = ProjectTests(Scripted(first, GateResult(tests={"u::a": PASS})), None)
    tests.discover()
    assert tests.through({"m.py": b"g is filled"}, "m:f", ["u::a"]) == {}


SKIPS = GateResult(skipped=frozenset({"t::a"}), skipped_after={"t::a": frozenset({"m:f"})})


def gated(*results):
    """What the gate of `m:f` says after the first of the results was seen without a candidate."""
    sandbox = Scripted(*results)
    tests = ProjectTests(sandbox, None)
    tests.discover()
    assert tests.reaching(["m:f"]) == ("t::a",)
    return tests.gate({"m.py": b""}, ["m:f"])


def test_a_test_that_skips_itself_while_the_stub_is_open_gates():
    verdict = gated(SKIPS, GateResult(tests={"t::a": PASS}))
    assert verdict.passed
    assert verdict.spoke == {"t::a"}
    assert not gated(SKIPS, GateResult(tests={"t::a": FAIL})).passed


def test_a_test_that_goes_on_skipping_itself_when_the_stub_is_filled_is_a_failure():
    verdict = gated(SKIPS, GateResult(skipped=frozenset({"t::a"})))
    assert list(verdict.failures) == ["t::a"]
    assert "has to pass" in verdict.failures["t::a"]


def test_a_test_that_skips_itself_for_another_open_stub_says_nothing():
    verdict = gated(SKIPS, GateResult(skipped=frozenset({"t::a"}), skipped_after={"t::a": frozenset({"m:g"})}))
    assert verdict.passed
    assert verdict.blocked == {"m:g"}
    assert verdict.spoke == frozenset()


def test_a_test_that_is_skipped_before_any_stub_is_excused_from_its_gate():
    stopped = reached("m:f")
    before = GateResult(tests={"t::a": stopped}, skipped=frozenset({"t::b"}))
    assert gated(before, GateResult(tests={"t::a": PASS}, skipped=frozenset({"t::b"}))).passed


def test_a_module_that_skips_itself_at_an_open_stub_is_blocked_by_it():
    verdict = judge(GateResult(reached_at_import={"t.py": frozenset({"m:g"})}), ["t.py"])
    assert verdict.passed
    assert verdict.blocked == {"m:g"}


def test_tests_that_skip_themselves_at_a_stub_are_among_the_collected_ones():
    tests = ProjectTests(Scripted(SKIPS), None)
    tests.discover()
    assert tests.collected == 1


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
