"""A stub that stays open because of another one says so, whichever way it met it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_supercharger import stubs
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
from pytest_supercharger.matrix import Matrix
from pytest_supercharger.projecttests import GateVerdict
from pytest_supercharger.unfilled import remark

SOURCE = b'''
from pytest_supercharger import supercharge


@supercharge
def f(x: int) -> int:
    """Return x."""
    raise NotImplementedError
'''
STOPPED = PairResult(verdict=Verdict.FAIL, reached=frozenset({"m:g"}))


def matrix_of(*names):
    (stub,) = stubs.find(SourceFile(path=Path("m.py"), relpath="m.py", module="m", data=SOURCE))
    trusted = GeneratedTest(id="own", name="test_own", source="def test_own(): pass\n", trusted=True)
    matrix = Matrix(stub=stub, trusted=(trusted,))
    for name in names:
        matrix.add_code([Candidate(id=name, text_id=name, body="return 1\n")])
    matrix.add_tests([GeneratedTest(id="t", name="test_f", source="def test_f(): pass\n")])
    matrix.add_probes([Probe(id="p", imports="", setup="", expression="f(1)")])
    return matrix


def by_trusted_test(matrix):
    matrix.pairs["a", "own"] = STOPPED


def by_input(matrix):
    matrix.outputs["a", "p"] = Output(kind=OutputKind.BLOCKED, text="m:g")


def by_generated_test(matrix):
    matrix.pairs["a", "t"] = STOPPED


def by_project_test(matrix):
    matrix.gates["a"] = GateVerdict(passed=True, failures={}, blocked=frozenset({"m:g"}))


@pytest.mark.parametrize(
    ("meet", "said"),
    [
        (by_trusted_test, "; 1 of 2 candidates stopped at m:g, which is not filled"),
        (by_input, "; 1 of 2 candidates stopped at m:g, which is not filled"),
        (by_generated_test, "; 1 test stopped at m:g, which is not filled"),
        (by_project_test, "; 1 test stopped at m:g, which is not filled"),
    ],
)
def test_the_other_stub_is_named(meet, said):
    matrix = matrix_of("a", "b")
    meet(matrix)
    assert remark(matrix, "probability 0.20 is below 0.95", lambda stub: False) == said


def test_what_the_reason_says_is_not_said_twice():
    matrix = matrix_of("a")
    by_input(matrix)
    assert remark(matrix, "needs m:g, which is not filled", lambda stub: False) == ""


def test_a_stub_that_is_filled_stopped_nobody():
    matrix = matrix_of("a")
    by_project_test(matrix)
    assert remark(matrix, "", lambda stub: stub == "m:g") == ""


def test_its_own_name_is_no_reason():
    matrix = matrix_of("a")
    matrix.pairs["a", "t"] = PairResult(verdict=Verdict.FAIL, reached=frozenset({"m:f"}))
    assert remark(matrix, "", lambda stub: False) == ""
