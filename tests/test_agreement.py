from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_supercharger.agreement import assess
from pytest_supercharger.behaviour import Behaviour, Evidence
from pytest_supercharger.domain import Output, OutputKind
from pytest_supercharger.rankers import RANKERS
from pytest_supercharger.voting import Voting

ERROR = Output(kind=OutputKind.EXCEPTION, text="ValueError")
SLOW = Output(kind=OutputKind.TIMEOUT)
INVALID = Output(kind=OutputKind.INVALID)
INFRA = Output(kind=OutputKind.INFRA)


def value(text: object) -> Output:
    return Output(kind=OutputKind.VALUE, text=str(text))


def does(id: str, *outputs: object, **more: object) -> Behaviour:
    made = tuple(o if isinstance(o, Output) or o is None else value(o) for o in outputs)
    return replace(Behaviour(id=id, outputs=made), **more)  # type: ignore[arg-type]


def evidence(*behaviours: Behaviour, **more: object) -> Evidence:
    return replace(Evidence(behaviours=behaviours), **more)  # type: ignore[arg-type]


SURE = evidence(
    does("a", 1, 2, 3, 4, samples=3, texts=3, passes=(True, True)),
    does("b", 1, 2, 3, 5, passes=(True, False)),
    weights=(2.0, 1.0),
    test_answers=2,
    trusted_checks=2,
)


def test_score_probability_and_features_follow_the_formula() -> None:
    result = assess(SURE, tau=0.95)
    # agree(a, a) = 1, agree(a, b) = 3/4; N = 4.
    soft_a, soft_b = (3 + 0.75) / 4, (3 * 0.75 + 1) / 4
    # All samples pass the first test, 3 of 4 the second: their weights are 2 * 1 and 1 * 3/4.
    score_a, score_b = soft_a + 0.5, soft_b + 0.5 * 2 / 2.75
    loo = (2 + 0.75) / 3
    logit = -3.21 + 1.85 * loo + 1.41 - 0.43 * math.log(3) + 0.10 * math.log(4)
    logit += 1.40 * math.log(4) + 1.32 * (score_a - score_b) + 0.16 + 0.68 * math.log(3)
    logit -= 0.72 / 4  # four inputs, four results: two inputs drawn at random give the same one time in four
    assert result.best == "a"
    assert [(c.ids, c.samples, c.texts) for c in result.classes] == [(("a",), 3, 3), (("b",), 1, 1)]
    assert [c.score for c in result.classes] == pytest.approx([score_a, score_b])
    assert result.features["loo"] == pytest.approx(loo)
    assert result.features["marg"] == pytest.approx(score_a - score_b)
    assert result.probability == pytest.approx(1 / (1 + math.exp(-logit)))


def test_contradiction_is_the_weight_of_tests_another_class_passes() -> None:
    best = does("a", 1, 2, 3, samples=3, passes=(False, True, False))
    other = does("b", 1, 2, 4, passes=(True, False, False))
    result = assess(evidence(best, other, weights=(1.0, 2.0, 5.0)), tau=0.95)
    assert result.best == "a"
    assert result.features["con"] == pytest.approx(1 / 8)
    assert result.features["pass"] == pytest.approx(2 / 8)


def test_without_generated_tests_the_pass_share_is_a_half() -> None:
    assert assess(evidence(does("a", 1), does("b", 1)), tau=0.9).features["pass"] == 0.5


def test_rejected_and_broken_samples_count_as_drawn() -> None:
    result = assess(evidence(does("a", 1, samples=2), does("x", loads=False), rejected=1), tau=0.9)
    assert result.features["n"] == 4
    assert result.features["bad"] == 0.5
    assert result.features["loo"] == pytest.approx(1 / 3)


def test_the_best_passes_all_trusted_tests_however_many_others_agree() -> None:
    result = assess(evidence(does("a", 1, 2, samples=9, trusted=False), does("b", 3, 4), trusted_checks=1), tau=0.9)
    assert result.best == "b"
    assert result.features["marg"] < 0


def test_no_candidate_is_best_when_none_passes_the_trusted_tests() -> None:
    result = assess(evidence(does("a", 1, trusted=False), trusted_checks=1), tau=0.9)
    assert (result.best, result.probability) == (None, 0.0)
    assert result.unmet == ("no candidate passes the trusted tests",)
    assert assess(evidence(rejected=3), tau=0.9).unmet == ("no answer gave a candidate",)
    assert assess(evidence(does("a", loads=False)), tau=0.9).unmet == ("no candidate can be imported",)


def test_exceptions_agree_only_when_the_specification_mentions_them() -> None:
    pair = evidence(does("a", 1, ERROR), does("b", 1, ERROR))
    assert assess(pair, tau=0.9).features["loo"] == 0.5
    documented = replace(pair, documented=frozenset({"ValueError"}))
    assert assess(documented, tau=0.9).features["loo"] == 1.0


def test_equal_undocumented_exceptions_are_still_the_same_behaviour() -> None:
    assert assess(evidence(does("a", 1, ERROR), does("b", 1, ERROR)), tau=0.9).features["k"] == 2


def test_time_outs_agree_with_nothing() -> None:
    assert assess(evidence(does("a", 1, SLOW), does("b", 1, SLOW)), tau=0.9).features["loo"] == 0.5


def test_an_input_that_is_broken_for_most_is_left_out_for_everybody() -> None:
    result = assess(evidence(does("a", 1, INVALID), does("b", 1, INVALID), does("c", 1, 7)), tau=0.9)
    assert result.features["loo"] == 1.0
    assert result.features["k"] == 3


def test_an_input_that_is_broken_for_one_counts_against_that_one() -> None:
    result = assess(evidence(does("a", 1, 2), does("b", 1, 2), does("c", 1, INVALID)), tau=0.9)
    assert result.features["k"] == 2
    assert result.features["loo"] == pytest.approx((1 + 0.5) / 2)


def test_infra_trouble_is_held_against_nobody() -> None:
    result = assess(evidence(does("a", 1, 2, 3), does("b", 1, 2, 3), does("c", 1, 2, INFRA)), tau=0.9)
    assert result.features["k"] == 3
    assert result.features["loo"] == 1.0


def test_little_knowledge_is_not_full_agreement() -> None:
    result = assess(evidence(does("a", 1, 2, 3, 4), does("b", 1, 2, 3, 4), does("c", 1, None, None, None)), tau=0.9)
    assert result.features["k"] == 2
    assert result.features["loo"] == pytest.approx((1 + 0.5) / 2)


def test_a_result_that_equals_everything_has_no_vote_and_is_never_accepted() -> None:
    cheat = does("x", 1, 2, 3, samples=5, texts=5, passes=(True,), equals_anything=True)
    result = assess(evidence(does("a", 1, 2, 3, passes=(True,)), cheat, weights=(1.0,)), tau=0.5)
    assert result.best == "a"
    assert result.features["k"] == 1
    alone = assess(evidence(cheat, weights=(1.0,), trusted_checks=3), tau=0.0)
    assert alone.best == "x"
    assert "its result claims to equal everything" in alone.unmet


def test_a_candidate_that_changes_from_run_to_run_is_never_accepted() -> None:
    result = assess(evidence(does("a", 1, samples=5, unstable=True)), tau=0.0)
    assert "its results change from run to run" in result.unmet


def test_all_conditions_met_leaves_nothing_unmet() -> None:
    strong = evidence(
        does("a", 1, 2, 3, samples=5, texts=5, passes=(True,)), weights=(1.0,), test_answers=1, trusted_checks=2
    )
    assert assess(strong, tau=0.95).unmet == ()


def test_without_trusted_checks_the_threshold_is_higher() -> None:
    bare = replace(SURE, trusted_checks=0)
    assert any("is below 0.98" in phrase for phrase in assess(bare, tau=0.1).unmet)


@pytest.mark.parametrize(
    ("change", "phrase"),
    [
        ({"samples": 1, "texts": 1}, "no second sample behaves like it"),
        ({"samples": 3, "texts": 1}, "all 3 samples that behave like it are one and the same text"),
        ({"outputs": (value(1), value(2), ERROR)}, "it gives a result on 2 of the 3 different inputs"),
        ({"passes": (False,)}, "it passes no test that was written from the specification"),
        ({"outputs": (SLOW, value(2), value(3), value(4))}, "it raises or runs out of time on an input of a trusted"),
    ],
)
def test_each_condition_of_acceptance_is_named_when_it_does_not_hold(change: dict[str, object], phrase: str) -> None:
    good = does("a", 1, 2, 3, samples=5, texts=5, passes=(True,))
    basis = evidence(
        replace(good, **change),  # type: ignore[arg-type]
        weights=(1.0,),
        trusted_checks=2,
        trusted_inputs=frozenset({0}),
    )
    assert any(phrase in unmet for unmet in assess(basis, tau=0.0).unmet)


def test_a_sure_model_may_repeat_itself_where_trusted_checks_vouch() -> None:
    same = evidence(does("a", 1, 2, 3, samples=4, texts=1, passes=(True,)), weights=(1.0,), trusted_checks=1)
    assert assess(same, tau=0.0).unmet == ()
    assert "one and the same text" in str(assess(replace(same, trusted_checks=0), tau=0.0).unmet)


def test_three_trusted_checks_make_up_for_a_generated_test() -> None:
    basis = evidence(does("a", 1, 2, 3, samples=2, texts=2), trusted_checks=3)
    assert assess(basis, tau=0.0).unmet == ()


def test_the_distinguishing_input_prefers_short_values() -> None:
    best = does("a", "x" * 50, 1, 2, SLOW, samples=2)
    rival = does("b", "y" * 50, 1, ERROR, 3)
    wrong = does("c", 9, 9, 9, 9, trusted=False)
    result = assess(evidence(best, rival, wrong, trusted_checks=1), tau=0.9)
    assert (result.best, result.rival, result.distinguishing) == ("a", "b", 0)


def test_a_tie_goes_to_the_most_frequent() -> None:
    assert assess(evidence(does("a", 1), does("b", 1, samples=2)), tau=0.9).best == "b"


OUTPUTS = st.sampled_from([value(1), value(2), ERROR, SLOW, INVALID, INFRA, None])


@st.composite
def any_evidence(draw: st.DrawFn) -> Evidence:
    inputs, tests = draw(st.integers(0, 4)), draw(st.integers(0, 3))
    behaviours = tuple(
        Behaviour(
            id=f"c{i}",
            samples=(samples := draw(st.integers(1, 4))),
            texts=draw(st.integers(1, samples)),
            loads=draw(st.booleans()) or draw(st.booleans()),
            trusted=draw(st.booleans()),
            passes=tuple(draw(st.lists(st.sampled_from([True, False, None]), min_size=tests, max_size=tests))),
            outputs=tuple(draw(st.lists(OUTPUTS, min_size=inputs, max_size=inputs))),
            equals_anything=draw(st.integers(0, 5)) == 0,
            unstable=draw(st.integers(0, 5)) == 0,
        )
        for i in range(draw(st.integers(0, 5)))
    )
    return Evidence(
        behaviours=behaviours,
        rejected=draw(st.integers(0, 2)),
        weights=tuple(float(draw(st.integers(1, 3))) for _ in range(tests)),
        trusted_checks=draw(st.integers(0, 3)),
    )


@settings(max_examples=150, deadline=None)
@given(any_evidence(), st.randoms(use_true_random=False))
def test_the_order_of_candidates_changes_nothing(case: Evidence, rng: object) -> None:
    shuffled = list(case.behaviours)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    assert assess(replace(case, behaviours=tuple(shuffled)), tau=0.9) == assess(case, tau=0.9)


@settings(max_examples=150, deadline=None)
@given(any_evidence())
def test_the_names_of_candidates_change_nothing_but_the_names(case: Evidence) -> None:
    renamed = tuple(replace(b, id=f"z{9 - int(b.id[1:])}") for b in case.behaviours)
    one, other = assess(case, tau=0.9), assess(replace(case, behaviours=renamed), tau=0.9)
    assert other.probability == pytest.approx(one.probability)
    assert sorted(c.score for c in other.classes) == pytest.approx(sorted(c.score for c in one.classes))


@settings(max_examples=150, deadline=None)
@given(any_evidence(), st.data())
def test_failing_a_trusted_test_never_helps(case: Evidence, data: st.DataObject) -> None:
    if not case.behaviours:
        return
    i = data.draw(st.integers(0, len(case.behaviours) - 1))
    worse = list(case.behaviours)
    worse[i] = replace(worse[i], trusted=False)
    after = replace(case, behaviours=tuple(worse))
    assert assess(after, tau=0.9).best != worse[i].id
    assert all(worse[i].id not in rank(Voting(after)) for rank in RANKERS.values())


@settings(max_examples=150, deadline=None)
@given(any_evidence(), st.data())
def test_a_duplicate_of_a_test_is_the_same_as_its_weight(case: Evidence, data: st.DataObject) -> None:
    if not case.weights:
        return
    t = data.draw(st.integers(0, len(case.weights) - 1))
    heavier = replace(case, weights=tuple(w + 1 if i == t else w for i, w in enumerate(case.weights)))
    twice = replace(
        case,
        weights=(*case.weights, 1.0),
        behaviours=tuple(replace(b, passes=(*b.passes, b.passes[t])) for b in case.behaviours),
    )
    assert assess(twice, tau=0.9).probability == pytest.approx(assess(heavier, tau=0.9).probability)


@settings(max_examples=150, deadline=None)
@given(any_evidence())
def test_a_probability_is_a_probability(case: Evidence) -> None:
    result = assess(case, tau=0.9)
    assert 0.0 <= result.probability < 1.0
    assert (result.best is None) <= bool(result.unmet)
