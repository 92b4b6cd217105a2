"""The fake sandbox answers what it was told to and executes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_supercharger.domain import GeneratedTest, Output, OutputKind, PairResult, Probe, Verdict
from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox.base import GateResult
from pytest_supercharger.sandbox.fake import FakeSandbox

if TYPE_CHECKING:
    from pytest_supercharger.sandbox.base import Overlay, Sandbox

TEST = GeneratedTest(id="t1", name="test_it", source="raise SystemExit('executed')")
PROBE = Probe(id="p1", imports="", setup="", expression="exit()")


def test_answers_are_those_of_the_script() -> None:
    def judge(overlay: Overlay, test: GeneratedTest) -> Verdict | PairResult:
        return Verdict.PASS if b"good" in overlay["m.py"] else PairResult(verdict=Verdict.FAIL, detail="no")

    sandbox: Sandbox = FakeSandbox(
        judge=judge,
        evaluate=lambda overlay, module, probe: Output(kind=OutputKind.VALUE, text=module),
        gate=lambda overlay, nodeids: GateResult(problem=str(nodeids)),
    )
    with sandbox:
        assert sandbox.run_tests({"m.py": b"good"}, [TEST])["t1"].verdict is Verdict.PASS
        assert sandbox.run_tests({"m.py": b"bad"}, [TEST])["t1"].detail == "no"
        assert sandbox.probe({}, "m", [PROBE])["p1"].text == "m"
        assert sandbox.gate({}, ["a"]).problem == "['a']"


def test_calls_are_recorded_in_order() -> None:
    sandbox = FakeSandbox()
    sandbox.run_tests({"m.py": b""}, [TEST])
    sandbox.probe({}, "m", [PROBE])
    sandbox.gate({}, None)
    assert sandbox.calls == [("tests", {"m.py": b""}, ("t1",)), ("probe", {}, ("p1",)), ("gate", {}, None)]


def test_a_closed_sandbox_refuses() -> None:
    sandbox = FakeSandbox()
    sandbox.close()
    with pytest.raises(SandboxError, match="closed"):
        sandbox.gate({}, None)
