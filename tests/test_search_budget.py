"""The next action of a search whose tokens, samples or time run out."""

from __future__ import annotations

from dataclasses import replace

from search_states import READY, UNSURE, after

from pytest_supercharger.search import Abstain, Accept, AskCode, AskTests, Policy, Progress, Wait, observe

METERED = Policy(tokens=2000)


def test_no_more_is_asked_than_the_tokens_suffice_for() -> None:
    assert after(Progress(), METERED) == AskCode(n=3)
    assert after(Progress(waiting_codes=3, waiting_tokens=1536), METERED) == Wait()
    assert after(Progress(codes=3, tokens=300), METERED) == AskTests(n=1)
    assert after(Progress(tokens=1400), METERED) == AskCode(n=1)


def test_spent_tokens_end_the_search_even_of_a_candidate_to_be_confirmed() -> None:
    reached = observe(Progress(codes=4, suites=2, tokens=1700), READY)
    action = after(reached, METERED)
    assert isinstance(action, Abstain)
    assert action.reason.endswith(
        "(4 codes, 2 test suites, 1700 of the 2000 tokens for this stub are spent, too many to ask on)"
    )
    assert isinstance(after(Progress(waiting_codes=2, tokens=2000), METERED), Abstain)  # what is open is given up
    assert after(replace(reached, codes=5, suites=3, tokens=9999), METERED) == Accept(candidate_id="a")


def test_more_codes_as_long_as_few_agree_then_more_suites() -> None:
    few = replace(UNSURE, features={"k": 1.0})
    assert after(Progress(codes=5, suites=1, assessment=few)) == AskCode(n=1)
    assert after(Progress(codes=5, suites=2, assessment=UNSURE)) == AskCode(n=1)
    assert after(Progress(codes=6, suites=2, assessment=UNSURE)) == AskTests(n=1)
    many = replace(UNSURE, features={"k": 5.0})
    assert after(Progress(codes=5, suites=3, assessment=many)) == AskCode(n=1)
    assert after(Progress(codes=6, suites=3, assessment=many)) == AskTests(n=1)


def test_a_spent_kind_gives_way_to_the_other() -> None:
    few = replace(UNSURE, features={"k": 1.0})
    assert after(Progress(codes=12, suites=2, assessment=few)) == AskTests(n=1)
    assert after(Progress(codes=9, suites=2, no_more_suites=True, assessment=UNSURE)) == AskCode(n=1)


def test_a_spent_budget_abstains_with_what_is_missing() -> None:
    assert after(Progress(codes=12, suites=6, assessment=UNSURE)) == Abstain(
        reason="probability 0.81 is below 0.95; no second sample (12 codes, 6 test suites)"
    )


def test_time_ends_the_search_even_with_answers_open() -> None:
    action = after(Progress(codes=3, waiting_codes=1, assessment=UNSURE, seconds=300.0))
    assert isinstance(action, Abstain)
    assert action.reason.endswith("(3 codes, 0 test suites, the 300 s for this stub are spent)")


def test_a_stopped_run_says_why() -> None:
    action = after(Progress(stopped="the model nodes are gone"))
    assert action == Abstain(reason="the model gave no answer (0 codes, 0 test suites, the model nodes are gone)")


def test_a_confirmed_candidate_is_accepted_even_when_time_is_up() -> None:
    confirmed = observe(replace(observe(Progress(codes=4, suites=2), READY), codes=5, suites=3), READY)
    assert after(replace(confirmed, seconds=999.0)) == Accept(candidate_id="a")


def test_a_node_with_nothing_to_say_ends_the_search() -> None:
    action = after(Progress(no_more_codes=True, no_more_suites=True))
    assert isinstance(action, Abstain)
