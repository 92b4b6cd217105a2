"""Which generated tests have a vote, on small matrices worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_supercharger.agreement import assess
from pytest_supercharger.behaviour import Behaviour, Evidence, Told
from pytest_supercharger.domain import Output, OutputKind
from pytest_supercharger.earned import IDLE, SURVIVORS, earned, speaking, telling
from pytest_supercharger.voting import Voting, share_passed

RAISES = Output(kind=OutputKind.EXCEPTION, text="TypeError")
TELLING = Told(blank=False, killed=1, survived=4)
BLUNT = Told(blank=False, survived=SURVIVORS)


def does(name, *outputs, **more):
    made = tuple(o if isinstance(o, Output) else Output(kind=OutputKind.VALUE, text=str(o)) for o in outputs)
    return Behaviour(id=name, outputs=made, **more)


def evidence(*behaviours, **more):
    return Evidence(behaviours=behaviours, **more)


def share(told, *behaviours):
    """What one test has earned that is passed by `a`, beside other candidates."""
    best = does("a", 1, 2, 3, passes=(True,))
    return earned(evidence(best, *behaviours, weights=(1.0,), told=(told,)))[0]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (Told(), 1.0),  # nothing was tried
        (Told(blank=False), 1.0),  # there are no mutants, or all behave alike
        (Told(blank=False, survived=SURVIVORS - 1), 1.0),  # too few to say
        (BLUNT, IDLE),
        (TELLING, 1.0),
        (Told(blank=True), 0.0),
        (Told(blank=True, killed=3), 0.0),
        (Told(unsteady=True, killed=3), 0.0),
    ],
)
def test_what_a_test_has_earned(told, expected):
    assert share(told) == expected


def test_a_test_that_another_behaviour_fails_tells_something_apart():
    assert share(BLUNT, does("b", 1, 2, 4, passes=(False,))) == 1.0
    assert share(BLUNT, does("b", 1, 2, 4, passes=(True,))) == IDLE


@pytest.mark.parametrize(
    ("told", "expected"), [(Told(), False), (Told(blank=False), False), (BLUNT, False), (TELLING, True)]
)
def test_a_test_of_which_nothing_was_demanded_has_told_nothing(told, expected):
    """It may vote, and is not worth saving."""
    best = does("a", 1, passes=(True,))
    assert telling(evidence(best, weights=(1.0,), told=(told,))) == (expected,)
    assert telling(evidence(best, does("b", 2, passes=(False,)), weights=(1.0,), told=(told,))) == (True,)


def test_code_that_only_raises_is_no_better_than_an_empty_stub():
    assert share(BLUNT, does("b", RAISES, RAISES, RAISES, passes=(False,))) == IDLE
    assert share(BLUNT, does("b", 1, passes=(False,), loads=False)) == IDLE


def test_without_anything_tried_every_test_keeps_its_weight():
    basis = evidence(does("a", 1, passes=(True, False)), weights=(2.0, 1.0))
    assert earned(basis) == (1.0, 1.0)


RIVALS = evidence(
    does("a", 1, 2, 3, samples=2, texts=2, passes=(True, True, True)),
    does("b", 1, 2, 4, samples=2, texts=2, passes=(True, True, False)),
    weights=(1.0, 2.0, 1.0),
    test_answers=2,
    trusted_checks=1,
)


def test_votes_and_probability_on_a_matrix_worked_out_by_hand():
    told = replace(RIVALS, told=(TELLING, Told(blank=True), BLUNT))
    voting = Voting(told)
    assert voting.earned == (1.0, 0.0, 1.0)  # the last fails on b, which behaves otherwise
    assert voting.test_weights == (1.0, 0.0, 0.5)  # half of the samples pass the last
    result = assess(told, tau=0.5)
    assert (result.best, result.features["pass"], result.features["votes"]) == ("a", 1.0, 2.0)
    # soft is 2 of 4 samples and 2 of 3 inputs of the others: 5/6 for both
    assert [c.score for c in result.classes] == pytest.approx([5 / 6 + 0.5, 5 / 6 + 0.5 * 1 / 1.5])


def test_a_test_without_a_vote_speaks_for_nobody_and_still_against():
    passes, fails = does("a", 1, passes=(True, True)), does("b", 1, passes=(True, False))
    weights, shares = (1.0, 3.0), (1.0, 0.0)
    assert speaking(passes, weights, shares) == (1.0, 0.0)
    assert speaking(fails, weights, shares) == (1.0, 3.0)
    blank = evidence(fails, weights=weights, told=(TELLING, Told(blank=True)))
    assert assess(blank, tau=0.5).features["pass"] == 1 / 4


def good(**more):
    return evidence(
        does("a", 1, 2, 3, samples=5, texts=5, passes=(True, True)),
        **({"weights": (1.0, 1.0), "trusted_checks": 2} | more),
    )


@pytest.mark.parametrize("told", [BLUNT, Told(blank=True), Told(unsteady=True)])
def test_only_tests_with_a_vote_count_as_written_from_the_specification(told):
    assert assess(good(told=(TELLING, told)), tau=0.5).unmet == ()
    (phrase,) = assess(good(told=(told, told)), tau=0.0).unmet
    assert phrase == "no test that it passes tells it apart from other code"
    assert assess(good(told=(told, told), trusted_checks=3), tau=0.5).unmet == ()


def test_where_no_test_has_a_vote_it_is_as_if_there_were_none():
    assert assess(good(told=(Told(blank=True),) * 2), tau=0.5).features["pass"] == 0.5
    assert assess(good(told=()), tau=0.5).features["pass"] == 1.0


@st.composite
def tried(draw):
    number = draw(st.integers(1, 4))
    verdicts = st.lists(st.sampled_from([True, False, None]), min_size=number, max_size=number)
    return evidence(
        *(
            does(f"c{i}", *draw(st.lists(st.integers(0, 2), min_size=3, max_size=3)), passes=tuple(draw(verdicts)))
            for i in range(draw(st.integers(1, 4)))
        ),
        weights=tuple(float(draw(st.integers(1, 3))) for _ in range(number)),
        told=tuple(
            Told(
                blank=draw(st.sampled_from([None, False, True])),
                killed=draw(st.integers(0, 2)),
                survived=draw(st.integers(0, 5)),
                unsteady=draw(st.integers(0, 4)) == 0,
            )
            for _ in range(number)
        ),
        trusted_checks=draw(st.integers(0, 1)),
    )


@settings(max_examples=100, deadline=None)
@given(tried(), st.data())
def test_another_killed_mutant_never_lowers_a_weight(case, data):
    t = data.draw(st.integers(0, len(case.weights) - 1))
    told = tuple(replace(one, killed=one.killed + 1) if i == t else one for i, one in enumerate(case.told))
    after = Voting(replace(case, told=told)).test_weights
    assert all(new >= old for new, old in zip(after, Voting(case).test_weights, strict=True))


@settings(max_examples=100, deadline=None)
@given(tried())
def test_what_is_found_out_about_tests_never_makes_a_candidate_look_better(case):
    for voter in case.behaviours:
        spoken = speaking(voter, case.weights, earned(case))
        after = share_passed(voter, spoken) if any(spoken) else 0.5
        assert after <= share_passed(voter, case.weights) + 1e-9


@settings(max_examples=100, deadline=None)
@given(tried(), st.data())
def test_a_duplicate_of_a_test_adds_weight_and_no_evidence(case, data):
    t = data.draw(st.integers(0, len(case.weights) - 1))
    heavier = replace(case, weights=tuple(w + 1 if i == t else w for i, w in enumerate(case.weights)))
    assert earned(heavier) == earned(case)
    twice = replace(
        case,
        weights=(*case.weights, 1.0),
        told=(*case.told, case.told[t]),
        behaviours=tuple(replace(b, passes=(*b.passes, b.passes[t])) for b in case.behaviours),
    )
    assert earned(twice)[:-1] == earned(case)
    assert assess(twice, tau=0.9).probability == pytest.approx(assess(heavier, tau=0.9).probability)


@settings(max_examples=100, deadline=None)
@given(tried(), st.randoms(use_true_random=False))
def test_neither_the_order_of_candidates_nor_that_of_tests_changes_anything(case, rng):
    order = list(range(len(case.weights)))
    rng.shuffle(order)
    shuffled = [replace(b, passes=tuple(b.passes[t] for t in order)) for b in case.behaviours]
    rng.shuffle(shuffled)
    other = replace(
        case,
        behaviours=tuple(shuffled),
        weights=tuple(case.weights[t] for t in order),
        told=tuple(case.told[t] for t in order),
    )
    assert earned(other) == tuple(earned(case)[t] for t in order)
    assert scores(other) == pytest.approx(scores(case))


def scores(case):
    voting = Voting(case)
    return {voter.id: score for voter, score in zip(voting.voters, voting.scores, strict=True)}
