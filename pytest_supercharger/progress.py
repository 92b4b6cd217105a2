"""Where the search for one stub stands, what it may spend, and the steps it can take: values, no decisions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    "confirmed",
    "observe",
]

TRUSTED_WEIGHT = 3.0  # a trusted test counts as three generated ones when a parent for repair is chosen


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
    no_more_repairs: bool = False
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


def confirmed(progress: Progress) -> bool:
    """A fresh code and a fresh suite were drawn since the conditions hold."""
    if progress.ready_at is None:
        return False
    codes, suites = progress.ready_at
    return progress.codes > codes and (progress.suites > suites or progress.no_more_suites)
