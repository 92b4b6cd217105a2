"""What a probability is worth for one model: the fit, and what it may and may not change."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_supercharger.agreement import assess
from pytest_supercharger.behaviour import Behaviour, Evidence
from pytest_supercharger.calibration import SHIPPED, Calibration, Fit, Known, fit, held_out
from pytest_supercharger.domain import Output, OutputKind

probabilities = st.floats(min_value=0.001, max_value=0.9999)
words = st.none() | st.floats(min_value=0.0, max_value=1.0)
known = st.builds(Known, probability=probabilities, right=st.booleans(), trusted=st.booleans(), judged=words)
outcomes = st.lists(known, max_size=60)


def logit(p):
    return math.log(p / (1 - p))


def test_without_outcomes_nothing_changes():
    assert fit([]) == Fit()
    found = fit([]).calibration("nothing")
    assert [found.probability(p) for p in (0.0, 0.1, 0.95)] == [0.0, 0.1, 0.95]


def test_the_peak_of_the_posterior_is_where_its_slopes_are_level():
    some = [Known(probability=p, right=right) for p, right in ((0.9, True), (0.7, False), (0.95, False), (0.5, True))]
    found = fit(some)
    gaps = [one.right - found.calibration("").probability(one.probability) for one in some]
    assert sum(gaps) - found.a == pytest.approx(0, abs=1e-6)
    pulls = [gap * logit(one.probability) for gap, one in zip(gaps, some, strict=True)]
    assert sum(pulls) - (found.b - 1) / 0.09 == pytest.approx(0, abs=1e-6)


@given(outcomes, st.randoms())
def test_the_order_of_outcomes_changes_nothing(some, rng):
    shuffled = list(some)
    rng.shuffle(shuffled)
    assert fit(shuffled) == fit(some)


@given(outcomes, probabilities, probabilities, words)
def test_what_was_surer_is_never_less_sure_afterwards(some, one, other, word):
    found = fit(some).calibration("")
    low, high = sorted((one, other))
    assert found.probability(low, word) <= found.probability(high, word)


@given(st.lists(probabilities, max_size=60), st.floats(min_value=0.9, max_value=0.975))
def test_a_model_that_was_always_right_is_never_held_for_less_sure_where_it_matters(some, high):
    found = fit([Known(probability=p, right=True) for p in some]).calibration("")
    assert found.probability(high) >= high - 1e-9


def test_a_model_that_is_right_when_unsure_and_wrong_when_sure_turns_nothing_around():
    found = fit([Known(probability=0.1 if i % 2 else 0.99, right=bool(i % 2)) for i in range(60)])
    assert found.b == 0.1
    assert found.calibration("").probability(0.99) < 0.6


def test_a_model_that_is_often_wrong_when_it_is_sure_is_believed_less():
    sure = [Known(probability=0.96, right=i % 2 == 0) for i in range(40)]
    assert fit(sure).calibration("").probability(0.96) < 0.7
    assert max(held_out(sure)) < 0.7


def test_an_outcome_held_out_does_not_speak_for_itself():
    odd = [Known(probability=0.5, right=True), *(Known(probability=0.5, right=False) for _ in range(9))]
    without = fit(odd[1:]).calibration("").probability(0.5)
    assert held_out(odd)[0] == without < fit(odd).calibration("").probability(0.5)


def test_held_out_fits_of_an_even_set_are_as_sure_of_right_as_of_wrong_outcomes():
    even = [Known(probability=0.97, right=i % 10 > 2 and i != 3) for i in range(30)]
    assert max(held_out(even)) == min(held_out(even))


def talkative(n, informed):
    """Outcomes with a judge who knows, or guesses."""
    for i in range(n):
        right = i % 3 != 0
        yield Known(probability=0.6, right=right, judged=0.9 if (right if informed else i % 7 < 4) else 0.4)


def test_the_judge_has_a_weight_only_where_its_word_is_clearly_worth_something():
    informed, dull = fit(talkative(36, True)), fit(talkative(36, False))
    assert informed.c == informed.judge > informed.judge_error > 0
    assert (dull.c, dull.calibration("").asks_judge) == (0.0, False)
    assert 0 < abs(dull.judge) < dull.judge_error
    assert fit(talkative(29, True)).c == 0.0, "too few words of it"


def test_the_judge_moves_the_logit_by_one_at_most_and_silence_not_at_all():
    found = Calibration(c=50.0, usual=0.5)
    assert found.probability(0.9) == pytest.approx(0.9)
    assert logit(found.probability(0.9, 1.0)) == pytest.approx(logit(0.9) + 1)
    assert logit(found.probability(0.9, 0.0)) == pytest.approx(logit(0.9) - 1)
    assert found.best_case(0.9) == pytest.approx(found.probability(0.9, 1.0))
    assert SHIPPED.best_case(0.9) == 0.9
    assert Calibration(c=1.0, usual=logit(0.8)).probability(0.9, 0.8) == pytest.approx(0.9), "what it always says"


def unsure(trusted):
    value = Output(kind=OutputKind.VALUE, text="1")
    outputs = tuple(replace(value, text=str(x)) for x in range(4))
    best = Behaviour(id="a", samples=3, texts=3, passes=(True,), outputs=outputs)
    return Evidence(behaviours=(best,), weights=(1.0,), test_answers=1, trusted_checks=trusted)


def test_the_assessment_goes_by_the_calibrated_probability():
    plain = assess(unsure(2), tau=0.5)
    assert not plain.unmet
    doubting = assess(unsure(2), tau=0.5, calibration=Calibration(a=-9.0))
    assert doubting.probability < 0.01
    assert any("is below 0.50" in reason for reason in doubting.unmet)
    heard = Calibration(c=1.0)
    assert assess(unsure(2), tau=0.5, calibration=heard).probability == pytest.approx(plain.probability)
    no = assess(unsure(2), tau=0.5, calibration=heard, judged={"a": 0.01, "b": 0.99})
    assert logit(no.probability) == pytest.approx(logit(plain.probability) - 1)


def test_the_stricter_rule_without_trusted_tests_holds_until_enough_of_them_were_seen():
    few = [Known(probability=0.9, right=True, trusted=i >= 9) for i in range(36)]
    enough = [*few, Known(probability=0.9, right=True, trusted=False)]
    assert fit(few).calibration("").strict
    assert not fit(enough).calibration("").strict
    for calibration, lacking in ((SHIPPED, True), (Calibration(strict=False), False)):
        found = assess(unsure(0), tau=0.9, calibration=calibration)
        assert 0.9 < found.probability < 0.98
        assert any("is below 0.98" in reason for reason in found.unmet) is lacking


def test_a_fit_is_used_from_thirty_outcomes_on():
    assert not Fit(outcomes=29).suffices
    assert Fit(outcomes=30).suffices
