"""Repairs: who gets one, what the model is shown, and when the result counts as a sample."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_supercharger import repairing, stubs
from pytest_supercharger.agreement import Assessment
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

SOURCE = b'''
from pytest_supercharger import supercharge


@supercharge
def f(x: int) -> int:
    """Return x."""
    raise NotImplementedError
'''
LONG, SHORT = (
    GeneratedTest(id=name, name=name, source="source", trusted=True, shown=shown)
    for name, shown in (("long", ">>> f(1000)\n1000"), ("short", ">>> f(1)\n1"))
)
PASS, FAIL = PairResult(verdict=Verdict.PASS), PairResult(verdict=Verdict.FAIL, detail="no\nat /p/m.py:3")
GATE = GateVerdict(passed=True, failures={})


def candidate(name):
    return Candidate(id=name, text_id=f"text of {name}", body=f"return {name!r}\n")


def matrix_of(*names, trusted=(LONG, SHORT), **repairs):
    """Candidates, and repairs of them by name, each drawn once."""
    (stub,) = stubs.find(SourceFile(path=Path("m.py"), relpath="m.py", module="m", data=SOURCE))
    matrix = Matrix(stub=stub, trusted=trusted)
    matrix.add_probes([Probe(id="p", imports="", setup="", expression="f(1)")])
    for name in names:
        matrix.add_code([candidate(name)])
    for name, parent in repairs.items():
        matrix.add_code([candidate(name)], parent=parent)
    return matrix


def does(matrix, key, output, *, gate=GATE, **verdicts):
    """What a candidate gives on the one input, and its verdicts by test: "long", "short", or a generated one."""
    matrix.outputs[key, "p"] = Output(kind=OutputKind.VALUE, text=output)
    matrix.pairs |= {(key, test): verdict for test, verdict in verdicts.items()}
    if gate is not None:
        matrix.gates[key] = gate


def generated(matrix, *names, times=1):
    matrix.add_tests([GeneratedTest(id=n, name=n, source=f"def test_{n}(): ...") for n in names], times=times)


def samples(matrix):
    return {b.id: b.samples for b in matrix.evidence().behaviours}


def test_a_repair_that_passes_more_and_behaves_differently_is_a_sample():
    matrix = matrix_of("a", fixed="a")
    does(matrix, "a", "1", gate=None, long=PASS, short=FAIL)
    does(matrix, "fixed", "2", long=PASS, short=PASS)
    assert samples(matrix) == {"a": 1, "fixed": 1}
    assert matrix.unused() == {}


NO_SAMPLES = {
    "gives the same": ("1", {"long": PASS, "short": PASS}),
    "passes no more": ("2", {"long": PASS, "short": FAIL}),
    "loses a trusted test": ("2", {"long": FAIL, "short": PASS}),
    "was not run": ("2", {}),
}


@pytest.mark.parametrize("case", NO_SAMPLES)
def test_any_other_repair_was_drawn_and_is_no_voter(case):
    output, verdicts = NO_SAMPLES[case]
    matrix = matrix_of("a", fixed="a")
    does(matrix, "a", "1", gate=None, long=PASS, short=FAIL)
    does(matrix, "fixed", output, **verdicts)
    assert samples(matrix) == {"a": 1}
    assert matrix.evidence().rejected == 0
    assert matrix.duplicates == 0
    assert matrix.unused() == {"a repair no better than what it repaired": 1}


def test_a_repair_that_says_what_its_parent_said_adds_nothing():
    matrix = matrix_of("a", "b")
    matrix.add_code([candidate("a")], parent="a")
    assert samples(matrix) == {"a": 1, "b": 1}


def test_a_repair_that_no_longer_passes_the_gate_is_no_sample():
    matrix = matrix_of("a", fixed="a")
    generated(matrix, "one")
    does(matrix, "a", "1", long=PASS, short=PASS, one=FAIL)
    does(matrix, "fixed", "2", gate=GateVerdict(passed=False, failures={}), long=PASS, short=PASS, one=PASS)
    assert samples(matrix) == {"a": 1}
    matrix.gates["fixed"] = GATE
    assert samples(matrix) == {"a": 1, "fixed": 1}


def test_generated_tests_count_by_their_votes():
    matrix = matrix_of("a", fixed="a")
    generated(matrix, "one")
    generated(matrix, "two", times=3)
    does(matrix, "a", "1", long=PASS, short=PASS, one=FAIL, two=PASS)
    does(matrix, "fixed", "2", long=PASS, short=PASS, one=PASS, two=FAIL)
    assert samples(matrix) == {"a": 1}


def best(key):
    return Assessment(best=key, probability=0.5)


def test_the_shortest_trusted_test_that_fails_is_shown():
    matrix = matrix_of("a")
    does(matrix, "a", "1", gate=None, long=FAIL, short=FAIL)
    (parent,) = repairing.parents(matrix, {"a": 2}, None)
    assert (parent.candidate_id, parent.test_id, parent.tries) == ("a", "short", 2)
    assert (parent.trusted_passed, parent.trusted_failed) == (0, 2)
    assert repairing.failure(matrix, "a", "short") == (">>> f(1)\n1", "no")


def test_a_failing_project_test_is_shown_where_all_examples_pass():
    matrix = matrix_of("a")
    gate = GateVerdict(passed=False, failures={"t.py::test_f": "assert 1 == 2\nat /p/t.py:3"})
    does(matrix, "a", "1", gate=gate, long=PASS, short=PASS)
    (parent,) = repairing.parents(matrix, {}, None)
    assert (parent.test_id, parent.trusted_failed) == ("t.py::test_f", 1)
    assert repairing.failure(matrix, "a", "t.py::test_f") == ("# t.py::test_f", "assert 1 == 2")


def test_the_best_is_repaired_with_the_strongest_test_that_most_others_pass():
    matrix = matrix_of("a", "b", "c")
    generated(matrix, "weak", "lonely")
    generated(matrix, "strong", times=2)
    does(matrix, "a", "1", long=PASS, short=PASS, weak=FAIL, lonely=FAIL, strong=FAIL)
    for key, lonely in (("b", PASS), ("c", FAIL)):
        does(matrix, key, "2", long=PASS, short=PASS, weak=PASS, lonely=lonely, strong=PASS)
    (parent,) = repairing.parents(matrix, {}, best("a"))
    assert (parent.candidate_id, parent.test_id, parent.trusted_failed, parent.failed) == ("a", "strong", 0, 4.0)
    matrix.pairs["c", "weak"] = matrix.pairs["c", "strong"] = FAIL
    assert repairing.parents(matrix, {}, best("a")) == ()
    assert repairing.parents(matrix, {}, best("b")) == ()


def test_who_is_refused_is_nobodys_parent():
    matrix = matrix_of("a")
    does(matrix, "a", "1", gate=None, long=FAIL)
    matrix.refused["a"] = "uses os"
    assert repairing.parents(matrix, {}, best("a")) == ()
