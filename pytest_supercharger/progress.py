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
    "AskExpected",
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
    expectations: int = 3  # inputs on which the expected output is asked for
    tau: float = 0.95
    start_codes: int = 3
    start_suites: int = 1
    batch: int = 1  # codes asked at once; a CPU node decodes 8 rows for nearly the price of one
    codes_a_repair: int = 3  # fresh codes after the opening before each repair: novel and improved in turns
    close: float = 0.1  # a lead of no more than this is worth a question about an input that divides the two
    futility_samples: int = 6  # from here on a candidate that is probably wrong ends the search
    futility_probability: float = 0.30
    futility_last: float = 0.85  # share of `tau` that the probability must have reached when all codes are drawn
    seconds: float = 300.0
    tokens: int = 0  # that may be generated; 0: any number
    code_tokens: int = 512  # the most that one code, one suite, one expected output may take
    suite_tokens: int = 640
    expected_tokens: int = 144


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """A candidate that could be repaired, with the one failing test that the model would be shown."""

    candidate_id: str
    test_id: str
    trusted_passed: int = 0
    trusted_failed: int = 0  # 0: passes all of them, and fails a generated test that most of the vote agrees with
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
    improved: int = 0  # those of the suites that were written with sight of earlier tests
    repairs: int = 0
    expectations: int = 0
    tokens: int = 0  # generated for all of these
    waiting_codes: int = 0  # asked, not answered yet
    waiting_suites: int = 0
    waiting_improved: int = 0
    waiting_repairs: int = 0
    waiting_expectations: int = 0
    waiting_tokens: int = 0  # the most that what is asked may still take
    assessment: Assessment | None = None
    ready_at: tuple[int, int] | None = None  # codes and fresh suites when all conditions first held, see `observe`
    parents: tuple[Parent, ...] = ()
    improvable: bool = False  # there are generated tests to show
    disputed: tuple[str, ...] = ()  # inputs that can be asked about on which best and rival differ, plainest first
    asked: frozenset[str] = frozenset()  # inputs that were asked about
    seconds: float = 0.0
    no_more_codes: bool = False  # the nodes have nothing left to answer
    no_more_suites: bool = False
    no_more_improved: bool = False
    no_more_repairs: bool = False
    no_more_expectations: bool = False
    stopped: str = ""  # why nothing may be asked any more ("the time of the run is spent"), "" while it may

    @property
    def fresh_suites(self) -> int:
        """Suites that were written from the specification alone."""
        return self.suites - self.improved

    @property
    def waiting(self) -> bool:
        """Whether anything that was asked is not answered yet."""
        return bool(self.waiting_codes or self.waiting_suites or self.waiting_repairs or self.waiting_expectations)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskCode:
    """Ask for `n` more implementations."""

    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AskTests:
    """Ask for `n` more test suites."""

    n: int
    improve: bool = False  # show the tests that are there and ask for what they leave out


@dataclass(frozen=True, slots=True, kw_only=True)
class AskExpected:
    """Ask what the stub has to give on one input."""

    input_id: str


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


Action = AskCode | AskTests | AskExpected | Repair | Wait | Accept | Abstain


def observe(progress: Progress, assessment: Assessment) -> Progress:
    """Take in a new assessment: note when all conditions first held, forget it when they no longer do."""
    ready = assessment.best is not None and not assessment.unmet
    ready_at = (progress.ready_at or (progress.codes, progress.fresh_suites)) if ready else None
    return replace(progress, assessment=assessment, ready_at=ready_at)


def confirmed(progress: Progress) -> bool:
    """A fresh code and a fresh suite were drawn since the conditions hold."""
    if progress.ready_at is None:
        return False
    codes, suites = progress.ready_at
    return progress.codes > codes and (progress.fresh_suites > suites or progress.no_more_suites)
