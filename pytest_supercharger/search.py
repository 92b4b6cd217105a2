"""What to ask next and when to stop: the sampling policy as a pure function of what is known so far.

Small steps until the evidence suffices, is hopeless, or the budget is spent. Looking after every sample flatters weak
models, so a candidate that reaches the threshold is confirmed with one fresh code and one fresh test suite, which may
go beyond the budget. Asking for the expected output on a distinguishing input is not part of this policy yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_supercharger.lastword import last_word
from pytest_supercharger.progress import (
    Abstain,
    Accept,
    Action,
    AskCode,
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

__all__ = [
    "Abstain",
    "Accept",
    "Action",
    "AskCode",
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


def next_action(progress: Progress, policy: Policy, rng: Random) -> Action:
    """The next step; call it again after each answer, and after each `AskCode`, `AskTests` or `Repair` it gave."""
    if progress.stopped or progress.seconds >= policy.seconds:
        return last_word(progress, policy)
    if progress.ready_at is not None:
        return _confirm(progress, policy)
    opening = _opening(progress, policy)
    if opening is not None:
        return opening
    if progress.waiting_codes or progress.waiting_suites or progress.waiting_repairs:
        return Wait()
    return _explore(progress, policy, rng)


def _confirm(progress: Progress, policy: Policy) -> Action:
    assessment = progress.assessment
    if progress.ready_at is None or assessment is None or assessment.best is None:
        return Abstain(reason="no candidate was weighed")
    if confirmed(progress):
        return Accept(candidate_id=assessment.best)
    codes, suites = progress.ready_at
    if progress.codes + progress.waiting_codes <= codes and not progress.no_more_codes:
        return AskCode(n=1)
    if progress.suites + progress.waiting_suites <= suites and not progress.no_more_suites:
        return AskTests(n=1)
    if progress.waiting_codes or progress.waiting_suites or progress.waiting_repairs:
        return Wait()
    return last_word(progress, policy)


def _codes_left(progress: Progress, policy: Policy) -> int:
    return 0 if progress.no_more_codes else max(0, policy.codes - progress.codes - progress.waiting_codes)


def _suites_left(progress: Progress, policy: Policy) -> int:
    return 0 if progress.no_more_suites else max(0, policy.suites - progress.suites - progress.waiting_suites)


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
    drawn = progress.codes + progress.repairs
    can_repair = bool(progress.parents) and progress.repairs < policy.repairs and not progress.no_more_repairs
    if (assessment is None or assessment.best is None) and _codes_left(progress, policy):
        # A fresh code is right more often than a repaired one, unless the model is strong (arXiv 2306.09896).
        return _ask_codes(progress, policy, policy.start_codes)
    if drawn >= policy.futility_samples and (
        assessment is None or assessment.probability < policy.futility_probability
    ):
        return _repair(progress.parents, rng) if can_repair else last_word(progress, policy)
    if _codes_left(progress, policy) and (_wants_code(progress) or not _suites_left(progress, policy)):
        return _ask_codes(progress, policy, 1)
    if _suites_left(progress, policy):
        return AskTests(n=1)
    if can_repair and (assessment is None or assessment.best is None):
        return _repair(progress.parents, rng)
    return last_word(progress, policy)


def _wants_code(progress: Progress) -> bool:
    """Whether another code tells more than another suite: as long as few samples agree with the best."""
    features = progress.assessment.features if progress.assessment else {}
    k, n, m = features.get("k", 0.0), progress.codes + progress.repairs, progress.suites
    return k < 2 or (k < 4 and n < 2 * m + 2) or n < 2 * m


def _repair(parents: Sequence[Parent], rng: Random) -> Repair:
    """Thompson sampling over the failing candidates (REx, arXiv 2405.17503)."""

    def draw(parent: Parent) -> float:
        good = THOMPSON_STRENGTH * parent.health
        return rng.betavariate(1 + good, 1 + THOMPSON_STRENGTH - good + parent.tries)

    chosen = max([(draw(parent), i) for i, parent in enumerate(parents)])[1]
    return Repair(candidate_id=parents[chosen].candidate_id, test_id=parents[chosen].test_id)
