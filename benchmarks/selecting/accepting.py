"""What is accepted, how often that is right, and how well the probability says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt

from pytest_supercharger.acceptance import terms, threshold, unmet
from pytest_supercharger.agreement import assess
from pytest_supercharger.behaviour import Evidence
from pytest_supercharger.calibration import calibration_error
from selecting.pools import Task, orders

TAU = 0.95
_Z = 1.96


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The best candidate of one draw, as the decision sees it."""

    pool: str
    codes: int
    trusted: bool
    task: str
    terms: Mapping[str, float]  # empty without a best candidate
    probability: float
    conditions: bool  # all of them hold, leaving the probability aside
    right: bool
    right_humaneval: bool

    def accepted(self, probability: float, tau: float = TAU) -> bool:
        """Whether it is written at this probability."""
        return self.conditions and probability >= threshold(tau, trusted=self.trusted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Acceptance in one setting; figures in brackets are the 95% interval."""

    accepted: float
    precision: float
    interval: tuple[float, float]
    precision_humaneval: float
    interval_humaneval: tuple[float, float]
    calibration_error: float
    log_loss: float


def case(evidence: Evidence, task: Task, pool: str, codes: int) -> Case:
    """Weigh the evidence as a live run would."""
    result = assess(evidence, tau=TAU)
    best = next((b for b in evidence.behaviours if b.id == result.best), None)
    met = best is not None and not [*unmet(evidence, best, result.features, 1.0, TAU)]
    row = task.rows[int(best.id)] if best is not None else None
    return Case(
        pool=pool,
        codes=codes,
        trusted=evidence.trusted_checks > 0,
        task=task.name,
        terms=terms(result.features) if best is not None else {},
        probability=result.probability,
        conditions=met,
        right=row is not None and row.right,
        right_humaneval=row is not None and row.right_humaneval,
    )


def cases(
    pool: str, tasks: Sequence[Task], codes: int, suites: int, trusted: Sequence[int], draws: int
) -> Iterator[Case]:
    """The cases of one setting; `trusted` are the numbers of examples to trust, each task in those it can have."""
    for task in tasks:
        for order in orders(task, draws, f"{codes},{suites}"):
            for number in sorted({min(n, task.examples) for n in trusted}):
                yield case(order.evidence(codes, suites, trusted=number), task, pool, codes)


def quality(found: Sequence[Case], probability: Callable[[Case], float], draws: int) -> Quality:
    """Acceptance of these cases; draws of one task are no independent trials, so intervals count tasks."""
    written = [c for c in found if c.accepted(probability(c))]
    rated = [c for c in found if c.terms]
    right, right_humaneval = sum(c.right for c in written), sum(c.right_humaneval for c in written)
    n = len(written)
    return Quality(
        accepted=n / len(found),
        precision=right / n if n else 0.0,
        interval=wilson(right / draws, n / draws),
        precision_humaneval=right_humaneval / n if n else 0.0,
        interval_humaneval=wilson(right_humaneval / draws, n / draws),
        calibration_error=calibration_error([(probability(c), c.right) for c in rated]),
        log_loss=-sum(log(max(p if c.right else 1 - p, 1e-9)) for c in rated for p in [probability(c)])
        / max(len(rated), 1),
    )


def wilson(successes: float, trials: float) -> tuple[float, float]:
    """The 95% interval of a share, after Wilson; numbers need not be whole."""
    if not trials:
        return 0.0, 1.0
    share, spread = successes / trials, _Z * _Z / trials
    centre = (share + spread / 2) / (1 + spread)
    half = sqrt(share * (1 - share) * spread + spread * spread / 4) / (1 + spread)
    return max(0.0, centre - half), min(1.0, centre + half)


def risk_coverage(found: Sequence[Case], probability: Callable[[Case], float]) -> list[tuple[float, float]]:
    """Share accepted and share of those that are wrong, from the surest case on, over all that meet the conditions."""
    ranked = sorted((c for c in found if c.conditions), key=probability, reverse=True)
    curve, wrong = [], 0
    for number, one in enumerate(ranked, 1):
        wrong += not one.right
        curve.append((number / len(found), wrong / number))
    return curve
