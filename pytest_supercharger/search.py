"""What to ask next and when to stop: the sampling policy as a pure function of what is known so far.

Small steps until the evidence suffices, is hopeless, or the budget is spent. Looking after every sample flatters weak
models, so a candidate that reaches the threshold is confirmed with one fresh code and one fresh test suite, which may
go beyond the budget of samples. What comes first: a confirmation, then a repair whose turn it is, then fresh samples.
What is under way counts as drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_supercharger.lastword import is_spent, last_word
from pytest_supercharger.progress import (
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
    confirmed,
    observe,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from pytest_supercharger.agreement import Assessment

__all__ = [
    "Abstain",
    "Accept",
    "Action",
    "AskCode",
    "AskExpected",
    "AskTests",
    "Parent",
    "Policy",
    "Progress",
    "Repair",
    "Wait",
    "next_action",
    "observe",
]

THOMPSON_STRENGTH = 5.0  # C of REx (arXiv 2405.17503)
_NO_LIMIT = 1_000_000


def next_action(progress: Progress, policy: Policy, rng: Random) -> Action:
    """The next step; call it again after each answer, and after each question it gave."""
    if is_spent(progress, policy):
        return last_word(progress, policy)
    if progress.ready_at is not None:
        return _confirm(progress, policy)
    opening = _opening(progress, policy)
    if opening is not None:
        return opening
    if progress.waiting:
        return Wait()
    return _explore(progress, policy, rng)


def _confirm(progress: Progress, policy: Policy) -> Action:
    assessment = progress.assessment
    if progress.ready_at is None or assessment is None or assessment.best is None:
        return Abstain(reason="no candidate was weighed")
    if confirmed(progress):
        return Accept(candidate_id=assessment.best)
    codes, suites = progress.ready_at
    drawn = progress.codes + progress.waiting_codes
    if drawn <= codes and not progress.no_more_codes and _room(progress, policy, policy.code_tokens):
        return AskCode(n=1)
    drawn = progress.fresh_suites + progress.waiting_suites - progress.waiting_improved
    if drawn <= suites and not progress.no_more_suites and _room(progress, policy, policy.suite_tokens):
        return AskTests(n=1)
    return Wait() if progress.waiting else last_word(progress, policy)


def _room(progress: Progress, policy: Policy, tokens: int) -> int:
    """How many answers of this size there are tokens for, should all that is asked become as long as it may."""
    if not policy.tokens:
        return _NO_LIMIT
    return max(0, policy.tokens - progress.tokens - progress.waiting_tokens) // tokens


def _codes_left(progress: Progress, policy: Policy) -> int:
    if progress.no_more_codes:
        return 0
    left = policy.codes - progress.codes - progress.waiting_codes
    return max(0, min(left, _room(progress, policy, policy.code_tokens)))


def _suites_left(progress: Progress, policy: Policy) -> int:
    if progress.no_more_suites:
        return 0
    left = policy.suites - progress.suites - progress.waiting_suites
    return max(0, min(left, _room(progress, policy, policy.suite_tokens)))


def _repairs_left(progress: Progress, policy: Policy) -> int:
    if progress.no_more_repairs:
        return 0
    left = policy.repairs - progress.repairs - progress.waiting_repairs
    return max(0, min(left, _room(progress, policy, policy.code_tokens)))


def _expectations_left(progress: Progress, policy: Policy) -> int:
    if progress.no_more_expectations:
        return 0
    left = policy.expectations - progress.expectations - progress.waiting_expectations
    return max(0, min(left, _room(progress, policy, policy.expected_tokens)))


def _ask_codes(progress: Progress, policy: Policy, n: int) -> AskCode:
    return AskCode(n=min(max(n, policy.batch), _codes_left(progress, policy)))


def _opening(progress: Progress, policy: Policy) -> Action | None:
    """The first codes and suites, asked side by side."""
    missing = policy.start_codes - progress.codes - progress.waiting_codes
    if missing > 0 and _codes_left(progress, policy):
        return _ask_codes(progress, policy, missing)
    missing = policy.start_suites - progress.suites - progress.waiting_suites
    if missing > 0 and _suites_left(progress, policy):
        return AskTests(n=min(missing, _suites_left(progress, policy)))
    return None


def _explore(progress: Progress, policy: Policy, rng: Random) -> Action:
    """Everything asked is answered and the evidence does not suffice."""
    assessment = progress.assessment
    hopeless = _is_hopeless(progress, policy)
    parents = _worth_repairing(progress, policy, hopeless=hopeless)
    if parents and (hopeless or _is_turn_of_repair(progress, policy)):
        return _repair(parents, rng)
    if assessment is None or assessment.best is None:
        left = _codes_left(progress, policy)
        return _ask_codes(progress, policy, policy.codes_a_repair) if left else last_word(progress, policy)
    if hopeless:
        return _ask_expected(progress, policy, assessment) or last_word(progress, policy)
    return _fresh(progress, policy, assessment)


def _is_hopeless(progress: Progress, policy: Policy) -> bool:
    """The best candidate is less probable than it would be by now if it were to be accepted in the end."""
    assessment, drawn = progress.assessment, progress.codes + progress.repairs
    if assessment is None or assessment.best is None or drawn < policy.futility_samples:
        return False
    first, last = policy.futility_probability, policy.futility_last * policy.tau
    late, all_of_them = progress.codes - policy.futility_samples, policy.codes - policy.futility_samples
    share = min(max(late / all_of_them, 0.0), 1.0) if all_of_them > 0 else 1.0
    return assessment.probability < first + share * (last - first)


def _fresh(progress: Progress, policy: Policy, assessment: Assessment) -> Action:
    """A fresh sample, whichever tells more about the best candidate."""
    if _wants_code(progress) and _codes_left(progress, policy):
        return _ask_codes(progress, policy, 1)
    expected = _ask_expected(progress, policy, assessment)
    if expected is not None:
        return expected
    if _suites_left(progress, policy):
        return AskTests(n=1, improve=_is_turn_of_improved(progress))
    if _codes_left(progress, policy):
        return _ask_codes(progress, policy, 1)
    return last_word(progress, policy)


def _ask_expected(progress: Progress, policy: Policy, assessment: Assessment) -> AskExpected | None:
    """Ask about an input that divides the best two, where they are close: no input is asked about twice."""
    disputed = next((found for found in progress.disputed if found not in progress.asked), None)
    if disputed is None or _lead(assessment) > policy.close or not _expectations_left(progress, policy):
        return None
    return AskExpected(input_id=disputed)


def _wants_code(progress: Progress) -> bool:
    """Whether another code tells more than another suite: as long as few samples agree with the best."""
    features = progress.assessment.features if progress.assessment else {}
    k, n, m = features.get("k", 0.0), progress.codes + progress.repairs, progress.suites
    return k < 2 or (k < 4 and n < 2 * m + 2) or n < 2 * m


def _lead(assessment: Assessment) -> float:
    """How far the best candidate is ahead of its rival."""
    rival = next((found for found in assessment.classes if assessment.rival in found.ids), None)
    return assessment.classes[0].score - rival.score if rival is not None else 1.0


def _is_turn_of_improved(progress: Progress) -> bool:
    """Every second suite is asked with sight of the tests that are there; what confirms is always a fresh one."""
    return progress.improvable and not progress.no_more_improved and progress.fresh_suites > progress.improved


def _is_turn_of_repair(progress: Progress, policy: Policy) -> bool:
    """Fresh codes come first: one is right more often than a repaired one, unless the model is strong (2306.09896)."""
    asked = progress.repairs + progress.waiting_repairs
    due = policy.start_codes + policy.codes_a_repair * (asked + 1)
    return progress.codes >= due or not _codes_left(progress, policy)


def _worth_repairing(progress: Progress, policy: Policy, *, hopeless: bool) -> Sequence[Parent]:
    """Whom to repair, as long as repairs are left: who passes all trusted tests, where there is such a one."""
    if not _repairs_left(progress, policy):
        return ()
    if hopeless or progress.assessment is None or progress.assessment.best is None:
        return progress.parents
    return [parent for parent in progress.parents if not parent.trusted_failed]


def _repair(parents: Sequence[Parent], rng: Random) -> Repair:
    """Thompson sampling over the failing candidates (REx, arXiv 2405.17503)."""

    def draw(parent: Parent) -> float:
        good = THOMPSON_STRENGTH * parent.health
        return rng.betavariate(1 + good, 1 + THOMPSON_STRENGTH - good + parent.tries)

    chosen = max([(draw(parent), i) for i, parent in enumerate(parents)])[1]
    return Repair(candidate_id=parents[chosen].candidate_id, test_id=parents[chosen].test_id)
