"""Reading gate runs."""

from __future__ import annotations

import pytest
from scripted_gate import FAIL, PASS, Scripted, reached

from pytest_supercharger.domain import PairResult, Verdict
from pytest_supercharger.errors import SandboxError
from pytest_supercharger.projecttests import ProjectTests, judge
from pytest_supercharger.sandbox.base import GateResult


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
