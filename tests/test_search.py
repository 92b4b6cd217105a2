"""The next action of a search: codes, suites, repairs, and what confirms."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from search_states import NOBODY, PARENT, POLICY, READY, UNSURE, after

from pytest_supercharger.agreement import Assessment, BehaviourClass
from pytest_supercharger.search import (
    Abstain,
    Accept,
    AskCode,
    AskExpected,
    AskTests,
    Parent,
    Policy,
    Progress,
    Repair,
    Wait,
    next_action,
    observe,
)


def test_the_search_opens_with_three_codes_and_one_suite_side_by_side() -> None:
    assert after(Progress()) == AskCode(n=3)
    assert after(Progress(waiting_codes=3)) == AskTests(n=1)
    assert after(Progress(waiting_codes=3, waiting_suites=1)) == Wait()


def test_a_batch_raises_the_number_of_codes_asked_at_once_within_the_budget() -> None:
    assert after(Progress(), Policy(batch=6)) == AskCode(n=6)
    assert after(Progress(), Policy(batch=6, codes=4)) == AskCode(n=4)


def test_nothing_new_is_asked_while_answers_are_open() -> None:
    assert after(Progress(codes=3, suites=1, waiting_codes=1, assessment=UNSURE)) == Wait()


def test_reaching_the_threshold_asks_for_a_fresh_code_and_a_fresh_suite() -> None:
    reached = observe(Progress(codes=4, suites=2), READY)
    assert reached.ready_at == (4, 2)
    assert after(reached) == AskCode(n=1)
    asked = replace(reached, waiting_codes=1)
    assert after(asked) == AskTests(n=1)
    assert after(replace(asked, waiting_suites=1)) == Wait()
    assert after(observe(replace(reached, codes=5, suites=3), READY)) == Accept(candidate_id="a")


def test_an_answer_that_was_under_way_does_not_need_asking_again() -> None:
    assert after(replace(observe(Progress(codes=4, suites=2), READY), waiting_codes=1)) == AskTests(n=1)


def test_confirmation_starts_anew_when_the_evidence_gives_way() -> None:
    reached = observe(Progress(codes=4, suites=2), READY)
    lost = observe(replace(reached, codes=5, suites=3), UNSURE)
    assert lost.ready_at is None
    again = observe(replace(lost, codes=6), READY)
    assert again.ready_at == (6, 3)
    assert after(again) == AskCode(n=1)


def test_confirmation_may_go_beyond_the_budget() -> None:
    assert after(observe(Progress(codes=12, suites=6), READY)) == AskCode(n=1)


def test_a_fresh_code_alone_confirms_where_no_more_tests_can_be_had() -> None:
    reached = observe(Progress(codes=4, suites=2, no_more_suites=True), READY)
    assert after(reached) == AskCode(n=1)
    assert after(observe(replace(reached, codes=5), READY)) == Accept(candidate_id="a")


def test_what_cannot_be_confirmed_is_not_accepted() -> None:
    reached = observe(Progress(codes=4, suites=2, no_more_codes=True), READY)
    action = after(observe(replace(reached, suites=3), READY))
    assert isinstance(action, Abstain)
    assert action.reason == (
        "the best candidate could not be confirmed with a fresh code and a fresh test suite"
        " (4 codes, 3 test suites, the nodes have no more answers)"
    )


def test_six_hopeless_samples_end_the_search() -> None:
    hopeless = Assessment(best="a", probability=0.2, features={"k": 1.0}, unmet=("probability 0.20 is below 0.95",))
    assert after(Progress(codes=6, suites=1, assessment=hopeless)) == Abstain(
        reason="probability 0.20 is below 0.95 (6 codes, 1 test suite)"
    )
    assert after(Progress(codes=5, suites=1, assessment=hopeless)) == AskCode(n=1)


def test_without_a_trusted_candidate_fresh_codes_come_before_repairs() -> None:
    stuck = Progress(codes=3, suites=1, assessment=NOBODY, parents=(PARENT,))
    assert after(stuck) == AskCode(n=3)
    assert after(replace(stuck, codes=5)) == AskCode(n=3)
    assert after(replace(stuck, codes=12)) == Repair(candidate_id="p", test_id="t")
    assert after(replace(stuck, codes=12, repairs=3)) == Abstain(
        reason="no candidate passes the trusted tests (12 codes, 1 test suite, 3 repairs)"
    )


def test_repairs_and_fresh_codes_take_turns() -> None:
    progress, said = Progress(codes=3, suites=1, assessment=NOBODY, parents=(PARENT,)), ""
    while not isinstance(action := after(progress), Abstain):
        said += "r" if isinstance(action, Repair) else "c"
        if isinstance(action, AskCode):
            progress = replace(progress, codes=progress.codes + action.n)
        else:
            progress = replace(progress, repairs=progress.repairs + 1)
    assert said == "crcrcr"
    assert after(replace(progress, repairs=2, waiting_repairs=1)) == Wait()


def test_who_passes_all_trusted_tests_is_repaired_before_the_others() -> None:
    upright = Parent(candidate_id="a", test_id="g", trusted_passed=1, passed=2.0, failed=3.0)
    progress = Progress(codes=6, suites=2, assessment=UNSURE, parents=(PARENT, upright))
    assert after(progress) == Repair(candidate_id="a", test_id="g")
    assert after(replace(progress, parents=(PARENT,))) == AskTests(n=1)
    assert after(replace(progress, codes=5)) == AskCode(n=1)
    assert after(replace(progress, no_more_repairs=True)) == AskTests(n=1)


def test_a_hopeless_candidate_is_repaired_before_it_is_given_up() -> None:
    hopeless = replace(UNSURE, probability=0.2)
    progress = Progress(codes=6, suites=1, assessment=hopeless, parents=(PARENT,))
    assert after(progress) == Repair(candidate_id="p", test_id="t")
    assert isinstance(after(replace(progress, repairs=3)), Abstain)


def test_the_probability_must_have_risen_when_the_codes_are_drawn() -> None:
    probable = replace(UNSURE, probability=0.6)
    assert after(Progress(codes=8, suites=3, assessment=probable)) == AskTests(n=1)
    assert isinstance(after(Progress(codes=12, suites=4, assessment=probable)), Abstain)
    assert after(Progress(codes=12, suites=4, assessment=UNSURE)) == AskTests(n=1)
    assert after(Progress(codes=12, suites=4, assessment=probable), Policy(tau=0.7)) == AskTests(n=1)


def close(lead: float) -> Assessment:
    """Two classes of which one leads by so much."""
    classes = tuple(
        BehaviourClass(ids=(name,), samples=3, texts=3, score=score) for name, score in (("a", 1.0), ("b", 1.0 - lead))
    )
    return replace(UNSURE, features={"k": 3.0}, classes=classes, rival="b", distinguishing=4, differing=(4,))


def test_an_input_that_divides_two_close_classes_is_asked_about_once() -> None:
    divided = Progress(codes=6, suites=2, assessment=close(0.1), disputed=("x", "y"))
    assert after(divided) == AskExpected(input_id="x")
    assert after(replace(divided, asked=frozenset({"x"}))) == AskExpected(input_id="y")
    assert after(replace(divided, asked=frozenset({"x", "y"}))) == AskTests(n=1)
    assert after(replace(divided, waiting_expectations=1)) == Wait()
    assert after(replace(divided, expectations=3)) == AskTests(n=1)
    assert after(replace(divided, no_more_expectations=True)) == AskTests(n=1)
    assert after(replace(divided, assessment=close(0.2))) == AskTests(n=1)
    assert after(replace(divided, assessment=replace(close(0.1), features={"k": 1.0}))) == AskCode(n=1)


def test_a_divided_vote_is_asked_about_before_it_is_given_up() -> None:
    divided = replace(close(0.1), probability=0.2)
    assert after(Progress(codes=12, suites=6, assessment=divided, disputed=("x",))) == AskExpected(input_id="x")


def test_every_second_suite_improves_on_the_tests_that_are_there() -> None:
    progress, said = Progress(codes=12, suites=1, assessment=replace(UNSURE, probability=0.9), improvable=True), ""
    while isinstance(action := after(progress), AskTests):
        said += "i" if action.improve else "f"
        progress = replace(progress, suites=progress.suites + 1, improved=progress.improved + action.improve)
    assert said == "ififi"
    assert after(replace(progress, suites=1, improved=0, no_more_improved=True)) == AskTests(n=1)


def test_only_a_fresh_suite_confirms() -> None:
    reached = observe(Progress(codes=4, suites=3, improved=1, improvable=True), READY)
    assert reached.ready_at == (4, 2)
    improved = replace(reached, codes=5, suites=4, improved=2)
    assert after(improved) == AskTests(n=1)
    assert after(replace(reached, waiting_codes=1, waiting_suites=1, waiting_improved=1)) == AskTests(n=1)
    assert after(replace(improved, suites=5)) == Accept(candidate_id="a")


def repaired(*parents: Parent) -> Counter[str]:
    progress, rng = Progress(codes=12, suites=1, assessment=NOBODY, parents=parents), Random(0)
    actions = [next_action(progress, POLICY, rng) for _ in range(300)]
    return Counter(action.candidate_id for action in actions if isinstance(action, Repair))


def test_repair_prefers_healthy_parents() -> None:
    healthy = Parent(candidate_id="healthy", test_id="t", trusted_passed=9, trusted_failed=1)
    ill = Parent(candidate_id="ill", test_id="t", trusted_passed=2, trusted_failed=8)
    assert 200 < repaired(healthy, ill)["healthy"] < 300


def test_repair_tires_of_a_parent_that_was_tried_often() -> None:
    tried = Parent(candidate_id="tried", test_id="t", trusted_passed=9, trusted_failed=1, tries=20)
    fresh = Parent(candidate_id="fresh", test_id="t", trusted_passed=5, trusted_failed=5)
    assert repaired(tried, fresh)["fresh"] > 200


def test_a_trusted_test_weighs_three_generated_ones_in_health() -> None:
    assert Parent(candidate_id="a", test_id="t", trusted_passed=1, failed=3.0).health == 0.5
    assert Parent(candidate_id="a", test_id="t").health == 0.5


@pytest.mark.parametrize("batch", [1, 6])
@pytest.mark.parametrize("assessment", [READY, UNSURE, NOBODY, replace(UNSURE, features={"k": 1.0})])
def test_every_search_ends_within_its_budget(assessment: Assessment, batch: int) -> None:
    policy, progress, rng = Policy(batch=batch), Progress(parents=(PARENT,)), Random(3)
    for _ in range(100):
        action = next_action(progress, policy, rng)
        if isinstance(action, (Accept, Abstain)):
            break
        assert not isinstance(action, Wait)
        if isinstance(action, AskCode):
            assert action.n > 0
            progress = replace(progress, codes=progress.codes + action.n)
        elif isinstance(action, AskTests):
            progress = replace(progress, suites=progress.suites + action.n)
        else:
            progress = replace(progress, repairs=progress.repairs + 1)
        progress = observe(progress, assessment)
    assert isinstance(action, Accept if assessment is READY else Abstain)
    assert progress.codes <= policy.codes + 1
    assert progress.suites <= policy.suites + 1
    assert progress.repairs <= policy.repairs
