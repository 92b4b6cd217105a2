"""What a test that fails alike for every candidate says of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_supercharger import stubs
from pytest_supercharger.domain import Candidate, GeneratedTest, PairResult, SourceFile, Verdict
from pytest_supercharger.matrix import Matrix

SOURCE = b'''
from pytest_supercharger import supercharge


@supercharge
def f(x: int) -> int:
    """Return x."""
    raise NotImplementedError
'''


def passes(*verdicts, detail="the same"):
    """How one generated test counts for candidates that got these verdicts on it."""
    (stub,) = stubs.find(SourceFile(path=Path("m.py"), relpath="m.py", module="m", data=SOURCE))
    matrix = Matrix(stub=stub, trusted=())
    matrix.add_tests([GeneratedTest(id="t", name="test_f", source="def test_f(): pass\n")])
    for number, verdict in enumerate(verdicts):
        matrix.add_code(Candidate(id=str(number), text_id=str(number), body="return 1\n"))
        matrix.pairs[str(number), "t"] = PairResult(verdict=verdict, detail=detail)
    return [behaviour.passes[0] for behaviour in matrix.evidence().behaviours]


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.DISK, Verdict.PROCESSES])
def test_what_a_test_does_by_itself_is_held_against_nobody(verdict):
    assert passes(verdict, verdict) == [None, None]
    assert passes(verdict) == [False]


@pytest.mark.parametrize("verdict", [Verdict.TIMEOUT, Verdict.MEMORY, Verdict.OUTPUT])
def test_what_a_candidate_does_is_held_against_it(verdict):
    assert passes(verdict, verdict) == [False, False]


def test_a_failed_assertion_is_held_against_all():
    assert passes(Verdict.FAIL, Verdict.FAIL, detail="AssertionError: assert 1 == 2") == [False, False]
