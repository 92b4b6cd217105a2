"""Which candidates of several stubs are tried together, and what is said where none fits."""

from __future__ import annotations

from pathlib import Path

from pytest_supercharger import stubs
from pytest_supercharger.domain import Candidate, GeneratedTest, Output, OutputKind, PairResult, SourceFile, Verdict
from pytest_supercharger.joint_choice import Standing, combinations, shortlist, standings, too_many, why_none
from pytest_supercharger.matrix import Matrix

SOURCE = b'''
from pytest_supercharger import supercharge


@supercharge
def f(x: int) -> int:
    """Return x."""
    raise NotImplementedError
'''
OWN = GeneratedTest(id="own", name="test_own", source="def test_own(): pass\n", trusted=True)
REACHED = PairResult(verdict=Verdict.FAIL, reached=frozenset({"m:g"}))


def matrix_of(*names):
    (stub,) = stubs.find(SourceFile(path=Path("m.py"), relpath="m.py", module="m", data=SOURCE))
    matrix = Matrix(stub=stub, trusted=(OWN,))
    for name in names:
        matrix.add_code([Candidate(id=name, text_id=name, body="return 1\n")])
    return matrix


def ids(matrix, aside=()):
    return [standing.id for standing in standings(matrix, aside)]


def test_what_was_set_aside_is_tried_and_what_was_refused_is_not():
    matrix = matrix_of("a", "b", "c")
    matrix.refused = {"a": "needs m:g, which needs this one", "b": "uses os"}
    assert ids(matrix, ["a"]) == ["a", "c"]


def test_what_fails_a_trusted_test_by_itself_is_not_tried():
    matrix = matrix_of("a", "b")
    matrix.pairs = {("a", "own"): REACHED, ("b", "own"): PairResult(verdict=Verdict.FAIL)}
    assert ids(matrix) == ["a"]


def test_samples_count_first_then_tests_then_agreement():
    matrix = matrix_of("a", "b", "c", "d", "d")
    matrix.add_tests([GeneratedTest(id="t", name="test_f", source="def test_f(): pass\n")])
    matrix.pairs = {("c", "t"): PairResult(verdict=Verdict.PASS), ("a", "t"): REACHED}
    value, other = (Output(kind=OutputKind.VALUE, text=text) for text in "12")
    matrix.probes = dict.fromkeys(["p", "q"])
    matrix.outputs |= {("a", "p"): other, ("b", "p"): value, ("d", "p"): value, ("a", "q"): value}
    found = standings(matrix, [])
    assert [(one.id, one.samples, one.passed, one.agreed) for one in found] == [
        ("a", 1, 0, 2),
        ("b", 1, 0, 3),
        ("c", 1, 1, 0),
        ("d", 2, 0, 3),
    ]
    assert shortlist(found) == ("d", "c", "b", "a")


def test_a_shortlist_is_short_and_does_not_depend_on_the_order():
    known = [Standing(id=name) for name in "fbdaec"]
    assert shortlist(known) == tuple("abcd")


def test_high_ranks_are_tried_first_and_all_pairs_of_two_stubs():
    tried = list(combinations([["a1", "a2", "a3", "a4"], ["b1", "b2", "b3", "b4"]]))
    assert tried[:4] == [("a1", "b1"), ("a1", "b2"), ("a2", "b1"), ("a2", "b2")]
    assert len(set(tried)) == 16


def test_of_many_combinations_only_the_first_are_tried():
    assert len(list(combinations([list("abcd")] * 4))) == 32


def test_without_a_candidate_of_one_stub_nothing_is_tried():
    assert list(combinations([["a"], []])) == []
    said = why_none("m:f", {"m:f": ["a"], "m:g": []}, 0, "")
    assert said == "needs m:g, which needs this one; no candidate of m:g passes what can be run of it alone"


def test_what_stood_in_the_way_is_told():
    obstacle = "m:g: test_x fails: no"
    assert why_none("m:f", {"m:f": ["a"], "m:g": ["b"]}, 3, obstacle) == (
        "needs m:g, which needs this one; no pair of candidates passes the checks of both (3 tried): "
        "m:g: test_x fails: no"
    )
    three = why_none("m:f", {"m:f": ["a"], "m:g": ["b"], "m:h": ["c"]}, 1, "")
    assert (
        three
        == "needs m:g, m:h, which need this one; no choice of one candidate each passes the checks of all (1 tried)"
    )


def test_a_circle_that_is_too_large_says_what_to_do():
    assert too_many("m:a", list("abcde")).endswith(
        "4 at most are solved together: write one of them yourself, m:a for example"
    )
