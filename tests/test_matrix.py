"""What a test that fails alike for every candidate says of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_supercharger import repairing, stubs
from pytest_supercharger.domain import (
    Candidate,
    GeneratedTest,
    Output,
    OutputKind,
    PairResult,
    Probe,
    Rejection,
    SourceFile,
    Verdict,
)
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
        matrix.add_code([Candidate(id=str(number), text_id=str(number), body="return 1\n")])
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


def candidate(name):
    return Candidate(id=name, text_id=f"text of {name}", body=f"return {name!r}\n")


def matrix_of(*answers):
    (stub,) = stubs.find(SourceFile(path=Path("m.py"), relpath="m.py", module="m", data=SOURCE))
    trusted = GeneratedTest(id="trusted", name="test_f", source="def test_f(): pass\n", trusted=True)
    matrix = Matrix(stub=stub, trusted=(trusted,))
    for readings in answers:
        matrix.add_code([candidate(name) for name in readings])
    return matrix


def samples(matrix):
    return {behaviour.id: behaviour.samples for behaviour in matrix.evidence().behaviours}


def test_an_answer_with_several_readings_is_one_sample():
    matrix = matrix_of("ab", "c")
    assert samples(matrix) == {"a": 1, "c": 1}
    assert set(matrix.candidates) == {"a", "b", "c"}  # all of them are run
    assert matrix.duplicates == 0


def test_the_reading_that_passes_the_trusted_test_is_what_was_said():
    matrix = matrix_of("ab")
    matrix.pairs["a", "trusted"] = PairResult(verdict=Verdict.FAIL)
    assert samples(matrix) == {"b": 1}
    assert repairing.parents(matrix, {}, None) == ()  # the other is nobody's answer, so it is not worth a repair


def test_generated_tests_have_no_say_in_what_was_said():
    matrix = matrix_of("ab")
    matrix.add_tests([GeneratedTest(id="t", name="test_f", source="def test_f(): pass\n")])
    matrix.pairs["b", "t"] = PairResult(verdict=Verdict.PASS)
    assert samples(matrix) == {"a": 1}


def test_the_reading_that_another_answer_says_outright_is_what_was_said():
    assert samples(matrix_of("ab", "b")) == {"b": 2}


def test_a_repeated_answer_is_counted_and_not_run_again():
    matrix = matrix_of("a", "a")
    assert samples(matrix) == {"a": 2}
    assert matrix.duplicates == 1
    assert matrix.add_code([candidate("a")]) == ()


def test_a_refused_reading_without_a_sample_is_not_counted_as_an_answer():
    matrix = matrix_of("ab")
    matrix.refused["b"] = "uses os"
    assert matrix.unused() == {}


def test_every_rejection_is_counted_with_the_first_of_its_kind():
    matrix = matrix_of()
    matrix.add_code(Rejection(reason="another signature", detail="(x)"))
    matrix.add_code(Rejection(reason="another signature", detail="(y)"))
    matrix.add_tests(Rejection(reason="no code"))
    assert matrix.unused() == {"another signature": 2, "no code": 1}
    assert matrix.details["another signature"] == "(x)"


def test_inputs_on_which_another_candidate_hung_come_last():
    matrix = matrix_of(["a"], ["b"])
    matrix.add_probes([Probe(id=name, imports="", setup="", expression=f"f({name})") for name in "xyz"])
    matrix.outputs["a", "x"] = Output(kind=OutputKind.TIMEOUT)
    assert [probe.id for probe in matrix.missing_probes("b")] == ["y", "z", "x"]
