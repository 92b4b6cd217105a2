"""Rankers on matrices small enough to work out by hand, and what holds for all of them."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_supercharger.behaviour import Behaviour, Evidence
from pytest_supercharger.domain import Output, OutputKind
from pytest_supercharger.rankers import B4_ALPHA, B4_BETA, RANKERS, b4, codet, most_passed, ours, random, srank
from pytest_supercharger.voting import Voting

EVERY = pytest.mark.parametrize("rank", RANKERS.values(), ids=RANKERS)


def does(id: str, outputs: str, passes: str = "", samples: int = 1, *, trusted: bool = True) -> Behaviour:
    """A candidate with one-letter outputs; + is a test that passes, - one that fails."""
    made = tuple(Output(kind=OutputKind.VALUE, text=letter) for letter in outputs)
    verdicts = tuple(mark == "+" for mark in passes)
    return Behaviour(id=id, samples=samples, trusted=trusted, passes=verdicts, outputs=made)


# Three candidates, four inputs, two tests of which the first was written twice.
SMALL = Evidence(
    behaviours=(does("a", "wxyz", "+-", 2), does("b", "wxyq", "+-"), does("c", "rrrr", "-+")), weights=(2.0, 1.0)
)


def near(**scores: float) -> object:
    return pytest.approx(scores)


def test_random_prefers_nobody() -> None:
    assert random(Voting(SMALL)) == near(a=0, b=0, c=0)


def test_most_passed_counts_a_test_as_often_as_it_was_written() -> None:
    assert most_passed(Voting(SMALL)) == near(a=2 / 3, b=2 / 3, c=1 / 3)


def test_codet_multiplies_tests_with_the_root_of_those_that_pass_the_same() -> None:
    assert codet(Voting(SMALL)) == near(a=2 * math.sqrt(3), b=2 * math.sqrt(3), c=1.0)


def test_srank_lets_clusters_that_overlap_lift_each_other() -> None:
    # Clusters a, b, c hold 1/2, 1/4, 1/4 of the samples; a and b agree on 3 of 4 inputs.
    a, b, c = 1 / 2 * 2 / 3, 1 / 4 * 2 / 3, 1 / 4 * 1 / 3
    assert srank(Voting(SMALL)) == near(a=a + 0.75 * b, b=b + 0.75 * a, c=c)


def test_b4_follows_its_formula() -> None:
    def log_beta(one: float, other: float) -> float:
        return math.lgamma(one) + math.lgamma(other) - math.lgamma(one + other)

    # {a, b}: 3 of 4 samples pass 2 of 3 tests; c, the other one, passes 0 of those 2 and all of the other 1.
    both = log_beta(3 + B4_ALPHA, 2) + log_beta(2 + B4_ALPHA, 2) + log_beta(1, 3) + log_beta(2, B4_BETA)
    # {c}: 1 of 4 samples passes 1 of 3 tests; the 3 others pass 0 of 3 and 6 of 6.
    alone = log_beta(1 + B4_ALPHA, 4) + log_beta(1 + B4_ALPHA, 3) + log_beta(1, 4) + log_beta(7, B4_BETA)
    assert b4(Voting(SMALL)) == near(a=both, b=both, c=alone)


def test_ours_takes_off_what_is_chance_where_nothing_is_trusted() -> None:
    # Agreement: a with itself 1 (2 samples), with b 3/4, with c 0. Chance: 1/4, 3/16, 0; that of c with itself is 1.
    agree = {"a": (2 + 3 / 4) / 4, "b": (2 * 3 / 4 + 1) / 4, "c": 1 / 4}
    chance = {"a": (2 * 1 / 4 + 3 / 16) / 4, "b": (2 * 3 / 16 + 1 / 4) / 4, "c": 1 / 4}
    # 3 of 4 samples pass the test of weight 2, 1 of 4 that of weight 1.
    passed = {"a": 1.5 / 1.75, "b": 1.5 / 1.75, "c": 0.25 / 1.75}
    assert ours(Voting(SMALL)) == near(**{i: agree[i] - chance[i] / 2 + passed[i] / 2 for i in agree})


def test_ours_gives_half_a_vote_to_what_fails_a_trusted_test() -> None:
    doubted = does("b", "wxyq", "+-", trusted=False)
    case = replace(SMALL, behaviours=(SMALL.behaviours[0], doubted, SMALL.behaviours[2]), trusted_checks=1)
    # Votes 2, 1/2 and 1; 2 of 3 trusted samples pass the test of weight 2, 1 of 3 the other.
    a = (2 + 3 / 4 / 2) / 3.5 + (4 / 3) / (5 / 3) / 2
    c = 1 / 3.5 + (1 / 3) / (5 / 3) / 2
    assert ours(Voting(case)) == near(a=a, c=c)


def test_constants_agree_with_each_other_by_chance_only() -> None:
    lazy = [does(f"lazy{i}", "rrrr") for i in range(3)]
    case = Evidence(behaviours=(does("a", "wxyz"), does("b", "wxyz"), *lazy))
    scores = ours(Voting(case))
    assert scores["a"] > scores["lazy0"]
    assert srank(Voting(case))["a"] < srank(Voting(case))["lazy0"]


@st.composite
def any_case(draw: st.DrawFn) -> Evidence:
    inputs, tests = draw(st.integers(0, 4)), draw(st.integers(0, 3))
    behaviours = tuple(
        does(
            f"c{i}",
            draw(st.text("xyz", min_size=inputs, max_size=inputs)),
            draw(st.text("+-", min_size=tests, max_size=tests)),
            draw(st.integers(1, 3)),
            trusted=draw(st.booleans()) or draw(st.booleans()),
        )
        for i in range(draw(st.integers(1, 5)))
    )
    weights = tuple(float(draw(st.integers(1, 3))) for _ in range(tests))
    trusted = 0 if all(b.trusted for b in behaviours) else 1
    return Evidence(behaviours=behaviours, weights=weights, trusted_checks=trusted)


@EVERY
@settings(max_examples=50, deadline=None)
@given(case=any_case(), rng=st.randoms(use_true_random=False))
def test_relabelling_the_candidates_changes_nothing(rank, case: Evidence, rng) -> None:  # type: ignore[no-untyped-def]
    names = [f"n{i}" for i in range(len(case.behaviours))]
    rng.shuffle(names)
    new = {b.id: name for b, name in zip(case.behaviours, names, strict=True)}
    renamed = sorted((replace(b, id=new[b.id]) for b in case.behaviours), key=lambda b: b.id)
    scores = rank(Voting(replace(case, behaviours=tuple(renamed))))
    assert scores == pytest.approx({new[i]: score for i, score in rank(Voting(case)).items()})


@EVERY
@settings(max_examples=50, deadline=None)
@given(case=any_case(), data=st.data())
def test_a_duplicate_of_a_test_is_weight_and_nothing_else(rank, case: Evidence, data) -> None:  # type: ignore[no-untyped-def]
    if not case.weights:
        return
    t = data.draw(st.integers(0, len(case.weights) - 1))
    heavier = replace(case, weights=tuple(w + (i == t) for i, w in enumerate(case.weights)))
    twice = tuple(replace(b, passes=(*b.passes, b.passes[t])) for b in case.behaviours)
    doubled = replace(case, weights=(*case.weights, 1.0), behaviours=twice)
    assert rank(Voting(doubled)) == pytest.approx(rank(Voting(heavier)))


@EVERY
@settings(max_examples=50, deadline=None)
@given(case=any_case(), data=st.data())
def test_failing_one_more_trusted_test_never_raises_a_score(rank, case: Evidence, data) -> None:  # type: ignore[no-untyped-def]
    i = data.draw(st.integers(0, len(case.behaviours) - 1))
    worse = replace(case.behaviours[i], trusted=False)
    behaviours = (*case.behaviours[:i], worse, *case.behaviours[i + 1 :])
    after = replace(case, behaviours=behaviours, trusted_checks=case.trusted_checks + 1)
    assert worse.id not in rank(Voting(after))
