"""Who is to blame for a verdict that changes from one run to the next: the candidate, or the test."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

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
from pytest_supercharger.ledger import Ledger
from pytest_supercharger.matrix import Matrix
from pytest_supercharger.projecttests import ProjectTests
from pytest_supercharger.sandbox.fake import FakeSandbox
from pytest_supercharger.splitting import Splitting

SOURCE = SourceFile(
    path=Path("/p/m.py"),
    relpath="m.py",
    module="m",
    data=b"from pytest_supercharger import supercharge\n\n\n@supercharge\ndef f(x: int) -> int:\n    'Do.'\n    ...\n",
)
MINE, OTHER = (Candidate(id=name, text_id=name, body=f"return {name}(x)\n") for name in ("mine", "other"))
INPUT = Probe(id="input", imports="from m import f", setup="", expression="f(-1)")
PASS, FAIL = Verdict.PASS, Verdict.FAIL


class Case:
    """Two candidates that passed one test; what it comes to from then on, by the body that stands there."""

    def __init__(self, *, mine=(PASS,), other=(PASS,), stub=(FAIL,), theirs="2", trusted=False, values=("1",)):
        self.verdicts = {"mine": [*mine], "other": [*other], "stub": [*stub]}
        self.values = [*values]
        sandbox = FakeSandbox(judge=self._judge, evaluate=self._evaluate)
        (found,) = stubs.find(SOURCE)
        self.test = GeneratedTest(id="t", name="test_f", source="test", trusted=trusted, probes=(INPUT,))
        steady = GeneratedTest(id="steady", name="test_f", source="steady")
        self.matrix = Matrix(stub=found, trusted=(self.test,) if trusted else ())
        self.matrix.add_code([MINE])
        self.matrix.add_code([OTHER])
        self.matrix.add_tests([steady] if trusted else [steady, self.test])
        self.matrix.add_probes([INPUT])
        self.matrix.pairs = {
            (key, test): PairResult(verdict=PASS) for key in ("mine", "other") for test in ("t", "steady")
        }
        self.matrix.outputs |= {
            ("mine", "input"): Output(kind=OutputKind.VALUE, text="1"),
            ("other", "input"): Output(kind=OutputKind.VALUE, text=theirs),
        }
        self.matrix.kills.blank = {"t": False, "steady": False}
        bench = checks.Bench(
            splitting=Splitting(sandbox),
            tests=ProjectTests(sandbox, None),
            ledger=Ledger({"m.py": SOURCE}, [found]),
            dependencies=Dependencies(sandbox, ask=lambda module: None),
        )
        bench.tests.discover()
        self.sandbox, self.checker = (
            sandbox,
            Checker(
                self.matrix,
                SOURCE,
                bench=bench,
                allow=frozenset(),
                wait=lambda other: False,
                left=lambda: 60.0,
                rng=random.Random(0),
            ),
        )

    def confirm(self):
        return self.checker.confirm(MINE)

    @property
    def blamed(self):
        return "t" in self.matrix.kills.unsteady

    def _judge(self, overlay, test):
        if test.id[0] != "t":
            return PASS
        text = overlay["m.py"].decode() if overlay else ""
        left = self.verdicts["mine" if "mine" in text else "other" if "other" in text else "stub"]
        return left.pop(0) if len(left) > 1 else left[0]

    def _evaluate(self, overlay, module, probe):
        text = self.values.pop(0) if len(self.values) > 1 else self.values[0]
        return Output(kind=OutputKind.VALUE, text=text)


def test_a_test_that_changes_for_a_candidate_that_does_otherwise_is_to_blame():
    case = Case(mine=[FAIL, PASS], other=[FAIL, PASS])
    assert not case.confirm()  # it is weighed again, without the vote of the test
    assert case.blamed
    assert case.matrix.refused == {}
    assert [test.id for test in case.matrix.tests_passed("mine")] == ["steady"]
    assert case.matrix.evidence().told[1].unsteady
    assert case.confirm()


@pytest.mark.parametrize("more", [{"other": [FAIL, PASS], "theirs": "1"}, {"other": [FAIL]}, {}])
def test_neither_one_that_agrees_nor_one_that_only_fails_nor_steady_results_excuse(more):
    """What two have in common may be what makes both unsteady; a test has more calls than those that are inputs."""
    case = Case(mine=[FAIL, PASS], **more)
    assert not case.confirm()
    assert not case.blamed
    assert case.matrix.refused == {"mine": "its verdicts change from run to run"}


def test_a_test_that_an_empty_stub_passes_now_and_then_is_to_blame():
    case = Case(mine=[FAIL, PASS], stub=[PASS])
    case.confirm()
    assert case.blamed


def test_one_that_passes_beside_others_only_is_ruled_out_though_its_results_are_the_same():
    case = Case(mine=[FAIL])
    assert not case.confirm()
    assert not case.blamed
    assert case.matrix.pairs["mine", "t"].verdict is FAIL
    assert case.matrix.refused == {"mine": "its verdicts change from run to run"}


def test_many_tests_that_change_are_not_to_blame():
    case = Case(mine=[FAIL] * 4 + [PASS], stub=[PASS])
    case.matrix.add_tests([GeneratedTest(id=f"t{i}", name="test_f", source="test") for i in range(3)])
    case.matrix.pairs |= {("mine", f"t{i}"): PairResult(verdict=PASS) for i in range(3)}
    case.matrix.kills.blank |= {f"t{i}": False for i in range(3)}
    assert not case.confirm()
    assert case.matrix.kills.unsteady == set()
    assert case.matrix.refused == {"mine": "its verdicts change from run to run"}


def test_blame_of_a_test_saves_no_candidate_whose_results_change():
    case = Case(mine=[FAIL, PASS], other=[FAIL, PASS], values=["2"])
    assert not case.confirm()
    assert not case.blamed
    assert case.matrix.refused == {"mine": "its results change from run to run"}


@pytest.mark.parametrize("more", [{"trusted": True}, {"mine": [Verdict.TIMEOUT, PASS]}])
def test_no_trusted_test_and_no_limit_is_excused(more):
    case = Case(**({"mine": [FAIL, PASS], "other": [FAIL, PASS]} | more))
    assert not case.confirm()
    assert case.matrix.refused == {"mine": "its verdicts change from run to run"}
