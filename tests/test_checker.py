"""Candidates in the sandbox: what is run, what is run again, and what rules a candidate out."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pytest_supercharger import stubs
from pytest_supercharger.checker import Checker
from pytest_supercharger.domain import (
    Candidate,
    GeneratedTest,
    Output,
    OutputKind,
    PairResult,
    Probe,
    SourceFile,
    Verdict,
)
from pytest_supercharger.ledger import Ledger
from pytest_supercharger.matrix import Matrix
from pytest_supercharger.projecttests import ProjectTests
from pytest_supercharger.sandbox.base import GateResult
from pytest_supercharger.sandbox.fake import FakeSandbox

SOURCE = SourceFile(
    path=Path("/p/m.py"),
    relpath="m.py",
    module="m",
    data=b"""\
from pytest_supercharger import supercharge


@supercharge
def f(x: int) -> int:
    'Return x.'
    ...
""",
)
CANDIDATE = Candidate(id="c", text_id="t", body="return g(x)\n")
NEGATIVE = Probe(id="negative", imports="from m import f", setup="", expression="f(-1)")
NODE = "t.py::test_f"


class Bench:
    """One stub with its checker above a scripted sandbox."""

    def __init__(self, *, wait=lambda other: False, **script):
        self.sandbox = FakeSandbox(**script)
        (stub,) = stubs.find(SOURCE)
        self.matrix = Matrix(stub=stub, trusted=())
        self.matrix.add_code(CANDIDATE)
        self.tests = ProjectTests(self.sandbox, None)
        self.tests.discover()
        self.checker = Checker(
            self.matrix,
            SOURCE,
            sandbox=self.sandbox,
            tests=self.tests,
            ledger=Ledger({"m.py": SOURCE}, [stub]),
            allow=frozenset(),
            wait=wait,
            rng=random.Random(0),
        )


def blocked_by(*stubs, on="negative"):
    """A probe that meets one open stub after the other."""
    left = list(stubs)

    def evaluate(overlay, module, probe):
        if probe.id == on and left:
            return Output(kind=OutputKind.BLOCKED, text=left.pop(0))
        return Output(kind=OutputKind.VALUE, text="1")

    return evaluate


def suite():
    return (GeneratedTest(id="t", name="test_f", source="def test_f(): assert True\n", probes=(NEGATIVE,)),)


def test_a_later_input_that_reaches_an_open_stub_rules_the_candidate_out():
    bench = Bench(evaluate=blocked_by("m:g"))
    bench.checker.add_candidate(CANDIDATE)
    bench.checker.add_tests(suite())
    assert bench.matrix.refused == {"c": "needs m:g, which is not filled"}


def test_behind_a_stub_that_was_waited_for_may_stand_another():
    asked = []
    bench = Bench(evaluate=blocked_by("m:g", "m:h"), wait=lambda other: asked.append(other) or True)
    bench.checker.add_candidate(CANDIDATE)
    bench.checker.add_tests(suite())
    assert asked == ["m:g", "m:h"]
    assert bench.matrix.refused == {}
    assert bench.matrix.outputs["c", "negative"].kind is OutputKind.VALUE


def test_a_confirmation_without_an_answer_is_not_called_unsteady():
    verdicts = iter([Verdict.PASS, Verdict.INFRA])
    bench = Bench(judge=lambda overlay, test: next(verdicts))
    bench.checker.add_tests(bench.matrix.add_tests(suite()))
    assert not bench.checker.confirm(CANDIDATE)
    assert bench.matrix.refused == {"c": "the sandbox could not run it once more"}


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
