"""One stub with its checker above a scripted sandbox, and what that sandbox is scripted with."""

from __future__ import annotations

import random
from pathlib import Path

from pytest_supercharger import bench as checks
from pytest_supercharger import stubs
from pytest_supercharger.checker import Checker
from pytest_supercharger.dependencies import Dependencies
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
from pytest_supercharger.ledger import Ledger, Waited
from pytest_supercharger.matrix import Matrix
from pytest_supercharger.projecttests import ProjectTests
from pytest_supercharger.sandbox.base import GateResult
from pytest_supercharger.sandbox.fake import FakeSandbox
from pytest_supercharger.splitting import Splitting

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

    def __init__(self, *, source=SOURCE, wait=lambda other: Waited.NOT_FILLED, left=lambda: 60.0, seed=0, **script):
        self.sandbox = FakeSandbox(**script)
        stub, *others = stubs.find(source)
        self.matrix = Matrix(stub=stub, trusted=())
        self.matrix.add_code([CANDIDATE])
        self.tests = ProjectTests(self.sandbox, None)
        self.tests.discover()
        self.ledger = Ledger({"m.py": source}, [stub, *others])
        self.checker = Checker(
            self.matrix,
            source,
            bench=checks.Bench(
                splitting=Splitting(self.sandbox, seed=seed),
                tests=self.tests,
                ledger=self.ledger,
                dependencies=Dependencies(self.sandbox, ask=lambda module: None),
            ),
            allow=frozenset(),
            wait=wait,
            left=left,
            rng=random.Random(0),
        )

    def calls(self, kind):
        """What was asked of the sandbox since the start, one entry a call."""
        return [asked for called, _, asked in self.sandbox.calls if called == kind]


def blocked_by(*stubs, on="negative"):
    """A probe that meets one open stub after the other."""
    left = list(stubs)

    def evaluate(overlay, module, probe):
        if probe.id == on and left:
            return Output(kind=OutputKind.BLOCKED, text=left.pop(0))
        return Output(kind=OutputKind.VALUE, text="1")

    return evaluate


def suite(n=1):
    source = "def test_f(): assert True\n"
    first = GeneratedTest(id="t", name="test_f", source=source, probes=(NEGATIVE,))
    return (first, *(GeneratedTest(id=f"t{i}", name="test_f", source=source) for i in range(1, n)))


def verdicts(bench):
    return {test: pair.verdict for (_, test), pair in bench.matrix.pairs.items()}


def project_test(*answers):
    """A project test that reaches the stub while that is open, and then says one thing after the other."""
    left = list(answers)

    def gate(overlay, nodeids):
        if not overlay:
            return GateResult(tests={NODE: PairResult(verdict=Verdict.FAIL, reached=frozenset({"m:f"}))})
        return left.pop(0) if len(left) > 1 else left[0]

    return gate


PASSED = GateResult(tests={NODE: PairResult(verdict=Verdict.PASS)})
BLOCKED = GateResult(tests={NODE: PairResult(verdict=Verdict.FAIL, reached=frozenset({"m:g"}))})
SILENT = GateResult(problem="time-out after 300 s")
