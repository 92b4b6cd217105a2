"""Reading gate runs."""

from __future__ import annotations

from pytest_supercharger.domain import PairResult, Verdict
from pytest_supercharger.projecttests import ProjectTests, judge
from pytest_supercharger.sandbox.base import GateResult

PASS = PairResult(verdict=Verdict.PASS)
FAIL = PairResult(verdict=Verdict.FAIL, detail="AssertionError: assert 1 == 2\nmore")


class Scripted:
    """A sandbox whose gate answers from a list."""

    def __init__(self, *results):
        self.results = list(results)
        self.asked = []

    def gate(self, overlay, nodeids):
        self.asked.append((overlay, nodeids))
        return self.results.pop(0)


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
    assert tests.culprits(lambda left_out: {}, ["m:f", "m:g"], "t::a") == {"m:f"}
