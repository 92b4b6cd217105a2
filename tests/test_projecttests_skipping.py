"""Reading gate runs whose tests skip themselves."""

from __future__ import annotations

from scripted_gate import FAIL, PASS, Scripted, reached

from pytest_supercharger.projecttests import ProjectTests, judge
from pytest_supercharger.sandbox.base import GateResult

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
