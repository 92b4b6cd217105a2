"""What holds of the policy whatever is answered: it ends, keeps its budgets, and asks for first things first."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_supercharger.agreement import Assessment, BehaviourClass
from pytest_supercharger.lastword import is_spent
from pytest_supercharger.progress import confirmed
from pytest_supercharger.search import (
    Abstain,
    Accept,
    Action,
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

MOST_STEPS = 400
INPUTS = ("x", "y", "z")

policies = st.builds(
    Policy,
    codes=st.integers(1, 14),
    suites=st.integers(1, 7),
    repairs=st.integers(0, 3),
    expectations=st.integers(0, 3),
    start_codes=st.integers(1, 4),
    batch=st.integers(1, 3),
    tau=st.sampled_from([0.5, 0.8, 0.95]),
    tokens=st.sampled_from([0, 0, 500, 3000, 9000]),
)
parents = st.builds(
    Parent,
    candidate_id=st.sampled_from("pq"),
    test_id=st.just("t"),
    trusted_failed=st.integers(0, 2),
    passed=st.sampled_from([0.0, 3.0]),
)


@st.composite
def assessments(draw: st.DrawFn) -> Assessment:
    if draw(st.booleans()) and draw(st.booleans()):
        return Assessment(best=None, probability=0.0, unmet=("nobody passes",))
    scores = (1.0, draw(st.sampled_from([0.95, 0.5])))
    return Assessment(
        best="a",
        probability=draw(st.sampled_from([0.1, 0.5, 0.7, 0.97])),
        features={"k": float(draw(st.integers(1, 6)))},
        classes=tuple(
            BehaviourClass(ids=(name,), samples=1, texts=1, score=score)
            for name, score in zip("ab", scores, strict=True)
        ),
        unmet=draw(st.sampled_from([(), ("not enough",), ("not enough",)])),
        rival=draw(st.sampled_from(["b", None])),
    )


class Play:
    """Carries actions out as the sampler does, and answers in any order, or not at all."""

    def __init__(self, data: st.DataObject, policy: Policy) -> None:
        self.data, self.policy = data, policy
        self.progress = Progress()
        self.open: list[tuple[Action, int]] = []  # with the tokens that are kept free for it

    def cost(self, action: Action) -> int:
        policy = self.policy
        if isinstance(action, AskTests):
            return action.n * policy.suite_tokens
        if isinstance(action, AskExpected):
            return policy.expected_tokens
        return policy.code_tokens * (action.n if isinstance(action, AskCode) else 1)

    def ask(self, action: Action) -> None:
        now = self.progress
        if isinstance(action, AskCode):
            self.open += [(AskCode(n=1), self.policy.code_tokens)] * action.n
            now = replace(now, waiting_codes=now.waiting_codes + action.n)
        elif isinstance(action, AskTests):
            assert action.n == 1
            self.open.append((action, self.policy.suite_tokens))
            improved = now.waiting_improved + action.improve
            now = replace(now, waiting_suites=now.waiting_suites + 1, waiting_improved=improved)
        elif isinstance(action, AskExpected):
            self.open.append((action, self.policy.expected_tokens))
            waiting = now.waiting_expectations + 1
            now = replace(now, waiting_expectations=waiting, asked=now.asked | {action.input_id})
        else:
            self.open.append((action, self.policy.code_tokens))
            now = replace(now, waiting_repairs=now.waiting_repairs + 1)
        self.progress = replace(now, waiting_tokens=now.waiting_tokens + self.cost(action))

    def answer(self) -> None:
        """One of the open questions is answered, or nobody has an answer to it."""
        action, tokens = self.open.pop(self.data.draw(st.integers(0, len(self.open) - 1)))
        now, gone = self.progress, self.data.draw(st.integers(0, 9)) == 0
        now = replace(now, tokens=now.tokens + self.data.draw(st.integers(1, tokens)))
        now = replace(now, waiting_tokens=now.waiting_tokens - tokens)
        if isinstance(action, AskCode):
            now = replace(now, codes=now.codes + 1, waiting_codes=now.waiting_codes - 1, no_more_codes=gone)
        elif isinstance(action, AskTests) and action.improve:
            now = replace(now, waiting_suites=now.waiting_suites - 1, waiting_improved=now.waiting_improved - 1)
            now = replace(now, suites=now.suites + (not gone), improved=now.improved + (not gone))
            now = replace(now, no_more_improved=gone)
        elif isinstance(action, AskTests):
            now = replace(now, suites=now.suites + 1, waiting_suites=now.waiting_suites - 1, no_more_suites=gone)
        elif isinstance(action, AskExpected):
            now = replace(now, waiting_expectations=now.waiting_expectations - 1, no_more_expectations=gone)
            now = replace(now, expectations=now.expectations + (not gone))
        else:
            now = replace(now, repairs=now.repairs + 1, waiting_repairs=now.waiting_repairs - 1, no_more_repairs=gone)
        self.progress = replace(
            observe(now, self.data.draw(assessments())),
            parents=tuple(self.data.draw(st.lists(parents, max_size=2))),
            disputed=tuple(self.data.draw(st.lists(st.sampled_from(INPUTS), max_size=2, unique=True))),
            improvable=self.data.draw(st.booleans()),
        )


def repair_is_due(progress: Progress, policy: Policy) -> bool:
    """The rule of the page in other words: after each three codes beyond the opening, or when no code can be asked."""
    best = progress.assessment.best if progress.assessment else None
    parents = [p for p in progress.parents if best is None or not p.trusted_failed]
    room = not policy.tokens or progress.tokens + policy.code_tokens <= policy.tokens
    if not parents or progress.no_more_repairs or progress.repairs >= policy.repairs or not room:
        return False
    rounds = (progress.codes - policy.start_codes) // 3
    return rounds > progress.repairs or progress.no_more_codes or progress.codes >= policy.codes


def check(action: Action, play: Play) -> None:
    """That this action may be taken, and that nothing of a higher priority could be."""
    progress, policy = play.progress, play.policy
    if isinstance(action, Accept):
        assert confirmed(progress)
        return
    if isinstance(action, Abstain):
        assert is_spent(progress, policy) or not progress.waiting
        return
    assert not is_spent(progress, policy)
    if isinstance(action, Wait):
        assert progress.waiting
        return
    if policy.tokens:
        assert progress.tokens + progress.waiting_tokens + play.cost(action) <= policy.tokens
    if progress.ready_at is not None:
        assert action in (AskCode(n=1), AskTests(n=1)), "a confirmation comes before everything else"
        return
    opening = progress.codes + progress.waiting_codes < policy.start_codes or progress.suites < policy.start_suites
    assert opening or not progress.waiting, "what is under way is waited for"
    if isinstance(action, Repair):
        assert progress.repairs + progress.waiting_repairs < policy.repairs
    elif not opening:
        assert not repair_is_due(progress, policy), "a repair whose turn it is comes before fresh samples"
    if isinstance(action, AskCode):
        assert 0 < action.n <= policy.codes - progress.codes - progress.waiting_codes
    elif isinstance(action, AskTests):
        assert progress.suites + progress.waiting_suites + action.n <= policy.suites
        assert progress.improvable or not action.improve
    elif isinstance(action, AskExpected):
        assert action.input_id in progress.disputed
        assert action.input_id not in progress.asked
        assert progress.expectations < policy.expectations


@settings(max_examples=200, deadline=None)
@given(data=st.data(), policy=policies)
def test_every_search_ends_within_its_budgets_and_does_first_things_first(data: st.DataObject, policy: Policy) -> None:
    play, confirming = Play(data, policy), Counter[str]()
    for step in range(MOST_STEPS):
        action = next_action(play.progress, policy, Random(step))
        assert action == next_action(play.progress, policy, Random(step)), "it depends on its arguments only"
        check(action, play)
        if isinstance(action, Accept | Abstain):
            break
        if not isinstance(action, Wait):
            confirming[type(action).__name__] += play.progress.ready_at is not None
            play.ask(action)
        if play.open and (isinstance(action, Wait) or data.draw(st.booleans())):
            play.answer()
    assert isinstance(action, Accept | Abstain)
    progress = play.progress
    assert progress.codes + progress.waiting_codes <= policy.codes + confirming["AskCode"]
    assert progress.suites + progress.waiting_suites <= policy.suites + confirming["AskTests"]
    assert progress.repairs + progress.waiting_repairs <= policy.repairs
    assert progress.expectations + progress.waiting_expectations <= policy.expectations
    assert not policy.tokens or progress.tokens + progress.waiting_tokens <= policy.tokens


@given(policy=policies, progress=st.builds(Progress, codes=st.integers(0, 20), parents=st.tuples(parents)))
def test_a_stopped_search_asks_nothing(policy: Policy, progress: Progress) -> None:
    for stopped in (replace(progress, stopped="stop"), replace(progress, seconds=policy.seconds)):
        assert isinstance(next_action(stopped, policy, Random(0)), Abstain)
