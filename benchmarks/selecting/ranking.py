"""How often each ranker's first choice is right, on the same draws for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev

from pytest_supercharger.rankers import RANKERS
from pytest_supercharger.voting import Voting
from selecting.pools import ALL, Task, orders

SETTINGS = {"weak": ((5, 5), (10, 10), (20, 20)), "strong": ((5, 3), (10, 5), (20, 7))}
REFERENCE_PASS_WEIGHT = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One setting: shares of right first choices by ranker, one figure a task."""

    pool: str
    codes: int
    suites: int
    examples: bool
    right: Mapping[str, Sequence[float]]

    def share(self, ranker: str) -> float:
        """Share of right first choices."""
        return fmean(self.right[ranker])

    def gain(self, ranker: str, over: str) -> tuple[float, float]:
        """Paired difference of two rankers and its standard error over tasks."""
        return paired([a - b for a, b in zip(self.right[ranker], self.right[over], strict=True)])


def paired(differences: Sequence[float]) -> tuple[float, float]:
    """Mean and standard error."""
    return fmean(differences), stdev(differences) / sqrt(len(differences)) if len(differences) > 1 else 0.0


def reference(voting: Voting) -> Mapping[str, float]:
    """The rule we began with: plain soft agreement and half the share of tests passed."""
    passed = RANKERS["most passed"](voting)
    total = sum(b.samples for b in voting.voters)
    scores = {}
    for i, voter in enumerate(voting.voters):
        if voter.id in passed:
            agree = zip(voting.agreement[i], voting.voters, strict=True)
            scores[voter.id] = sum(share * b.samples for share, b in agree) / total
            scores[voter.id] += REFERENCE_PASS_WEIGHT * passed[voter.id]
    return scores


ALL_RANKERS = {**{name: rank for name, rank in RANKERS.items() if name != "ours"}, "reference": reference} | {
    "ours": RANKERS["ours"]
}


def columns(pools: Mapping[str, Sequence[Task]], draws: int) -> list[Column]:
    """Every setting, first without examples, then with them as a hard filter."""
    return [
        _column(pool, codes, suites, examples, pools[pool], draws)
        for examples in (False, True)
        for pool, settings in SETTINGS.items()
        for codes, suites in settings
    ]


def _column(pool: str, codes: int, suites: int, examples: bool, tasks: Sequence[Task], draws: int) -> Column:
    right: dict[str, list[float]] = {name: [] for name in ALL_RANKERS}
    for task in tasks:
        labels = task.labels()
        drawn = [
            order.evidence(codes, suites, trusted=ALL if examples else 0, as_live=False)
            for order in orders(task, draws, f"{codes},{suites}")
        ]
        votes = [Voting(evidence) for evidence in drawn]
        for name, rank in ALL_RANKERS.items():
            right[name].append(fmean(first_right(rank(voting), voting, labels) for voting in votes))
    return Column(pool=pool, codes=codes, suites=suites, examples=examples, right=right)


def first_right(scores: Mapping[str, float], voting: Voting, labels: Mapping[str, bool]) -> float:
    """Probability that a sample with the highest score is right, drawn evenly among equals; 0 without any."""
    if not scores:
        return 0.0
    top = max(scores.values())
    tied = [b for b in voting.voters if b.id in scores and top - scores[b.id] < 1e-9]
    return sum(b.samples for b in tied if labels[b.id]) / sum(b.samples for b in tied)
