"""What to ask next and when to stop: the sampling policy as a pure function of what is known so far.

Small steps until the evidence suffices, is hopeless, or the budget is spent. Looking after every sample flatters weak
models, so a candidate that reaches the threshold is confirmed with one fresh code and one fresh test suite, which may
go beyond the budget. Asking for the expected output on a distinguishing input is not part of this policy yet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from pytest_supercharger.agreement import Assessment

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

TRUSTED_WEIGHT = 3.0  # a trusted test counts as three generated ones when a parent for repair is chosen
THOMPSON_STRENGTH = 5.0  # C of REx (arXiv 2405.17503)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Budgets and thresholds of one stub's search."""

    codes: int = 12
    suites: int = 6
    repairs: int = 3
    tau: float = 0.95
    start_codes: int = 3
    start_suites: int = 1
    batch: int = 1  # codes asked at once; a CPU node decodes 8 rows for nearly the price of one
    futility_samples: int = 6
    futility_probability: float = 0.30
    seconds: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """A failing candidate that could be repaired, with the one failing test that the model would be shown."""

    candidate_id: str
    test_id: str
    trusted_passed: int = 0
    trusted_failed: int = 0
    passed: float = 0.0  # weight of the generated tests
    failed: float = 0.0
    tries: int = 0  # how often it was repaired already

    @property
    def health(self) -> float:
        """Weighted share of tests passed."""
        good = TRUSTED_WEIGHT * self.trusted_passed + self.passed
        total = good + TRUSTED_WEIGHT * self.trusted_failed + self.failed
        return good / total if total else 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where the search for one stub stands; answered counts include answers that were rejected."""

    codes: int = 0
    suites: int = 0
    repairs: int = 0
    waiting_codes: int = 0  # asked, not answered yet
    waiting_suites: int = 0
    waiting_repairs: int = 0
    assessment: Assessment | None = None
    ready_at: tuple[int, int] | None = None  # codes and suites when all conditions first held; kept by `observe`
    parents: tuple[Parent, ...] = ()
    seconds: float = 0.0
    no_more_codes: bool = False  # the nodes have nothing left to answer
    no_more_suites: bool = False
    stopped: str = ""  # why nothing may be asked any more ("the time of the run is spent"), "" while it may


@dataclass(frozen=True, slots=True, kw_only=True)
class AskCode:
    """Ask for `n` more implementations."""

    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AskTests:
    """Ask for `n` more test suites."""

    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """Ask for a better version of a candidate, showing one failing test."""

    candidate_id: str
    test_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Nothing to ask before one of the open requests is answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accept:
    """Write this candidate."""

    candidate_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstain:
    """Write nothing; the reason is a sentence for people."""

    reason: str


Action = AskCode | AskTests | Repair | Wait | Accept | Abstain


def observe(progress: Progress, assessment: Assessment) -> Progress:
    """Take in a new assessment: note when all conditions first held, forget it when they no longer do."""
    ready = assessment.best is not None and not assessment.unmet
    ready_at = (progress.ready_at or (progress.codes, progress.suites)) if ready else None
    return replace(progress, assessment=assessment, ready_at=ready_at)


def next_action(progress: Progress, policy: Policy, rng: Random) -> Action:
    """The next step; call it again after each answer, and after each `AskCode`, `AskTests` or `Repair` it gave."""
    if progress.stopped or progress.seconds >= policy.seconds:
        return _last_word(progress, policy)
    if progress.ready_at is not None:
        return _confirm(progress, policy)
    opening = _opening(progress, policy)
    if opening is not None:
        return opening
    if progress.waiting_codes or progress.waiting_suites or progress.waiting_repairs:
        return Wait()
    return _explore(progress, policy, rng)


def _confirmed(progress: Progress) -> bool:
    """A fresh code and a fresh suite were drawn since the conditions hold."""
    if progress.ready_at is None:
        return False
    codes, suites = progress.ready_at
    return progress.codes > codes and (progress.suites > suites or progress.no_more_suites)


def _confirm(progress: Progress, policy: Policy) -> Action:
    assessment = progress.assessment
    if progress.ready_at is None or assessment is None or assessment.best is None:
        return Abstain(reason="no candidate was weighed")
    if _confirmed(progress):
        return Accept(candidate_id=assessment.best)
    codes, suites = progress.ready_at
    if progress.codes + progress.waiting_codes <= codes and not progress.no_more_codes:
        return AskCode(n=1)
    if progress.suites + progress.waiting_suites <= suites and not progress.no_more_suites:
        return AskTests(n=1)
    if progress.waiting_codes or progress.waiting_suites or progress.waiting_repairs:
        return Wait()
    return _last_word(progress, policy)


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
    can_repair = bool(progress.parents) and progress.repairs < policy.repairs
    if (assessment is None or assessment.best is None) and _codes_left(progress, policy):
        # A fresh code is right more often than a repaired one, unless the model is strong (arXiv 2306.09896).
        return _ask_codes(progress, policy, policy.start_codes)
    if drawn >= policy.futility_samples and (
        assessment is None or assessment.probability < policy.futility_probability
    ):
        return _repair(progress.parents, rng) if can_repair else _last_word(progress, policy)
    if _codes_left(progress, policy) and (_wants_code(progress) or not _suites_left(progress, policy)):
        return _ask_codes(progress, policy, 1)
    if _suites_left(progress, policy):
        return AskTests(n=1)
    if can_repair and (assessment is None or assessment.best is None):
        return _repair(progress.parents, rng)
    return _last_word(progress, policy)


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


def _last_word(progress: Progress, policy: Policy) -> Action:
    """Accept what is confirmed, otherwise say why not."""
    assessment = progress.assessment
    if assessment is not None and assessment.best is not None and _confirmed(progress):
        return Accept(candidate_id=assessment.best)
    return Abstain(reason=f"{_lacking(progress)} ({_spent(progress, policy)})")


def _lacking(progress: Progress) -> str:
    assessment = progress.assessment
    if assessment is None:
        return "no candidate was weighed" if progress.codes else "the model gave no answer"
    if assessment.unmet:
        return "; ".join(assessment.unmet)
    return "the best candidate could not be confirmed with a fresh code and a fresh test suite"


def _spent(progress: Progress, policy: Policy) -> str:
    """What the search cost, and what ended it where that was not the budget of samples."""
    parts = [_count(progress.codes, "code"), _count(progress.suites, "test suite")]
    if progress.repairs:
        parts.append(_count(progress.repairs, "repair"))
    if progress.stopped:
        parts.append(progress.stopped)
    elif progress.seconds >= policy.seconds:
        parts.append(f"the {policy.seconds:g} s for this stub are spent")
    elif progress.no_more_codes or progress.no_more_suites:
        parts.append("the nodes have no more answers")
    return ", ".join(parts)


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
