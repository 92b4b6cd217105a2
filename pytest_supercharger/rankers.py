"""Rules that rank candidates: ours, and the published ones it is held against, behind one interface.

A ranker takes the votes of one stub and gives a score to each candidate that passes every trusted test; one that fails
a trusted test has none. Where scores are equal, a ranker does not care. Samples and tests count as often as they were
drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from math import lgamma
from types import MappingProxyType

from pytest_supercharger.voting import Voting, share_passed

__all__ = ["RANKERS", "Ranker", "b4", "codet", "most_passed", "ours", "random", "srank"]

Ranker = Callable[[Voting], Mapping[str, float]]

B4_ALPHA = 1000.0  # the prior of the paper's experiments on real data
B4_BETA = 1000.0


def ours(voting: Voting) -> Mapping[str, float]:
    """The score candidates are chosen by: soft agreement and weighted test votes."""
    return _trusted(voting, voting.scores)


def random(voting: Voting) -> Mapping[str, float]:
    """Every candidate is as good as another."""
    return _trusted(voting, [0.0] * len(voting.voters))


def most_passed(voting: Voting) -> Mapping[str, float]:
    """The share of the generated tests that pass."""
    return _trusted(voting, [share_passed(b, voting.evidence.weights) for b in voting.voters])


def codet(voting: Voting) -> Mapping[str, float]:
    """The root of the candidates that pass the same tests, times the number of those tests (arXiv 2207.10397)."""
    sizes = {
        row: sum(voting.voters[i].samples for i in group if voting.voters[i].trusted)
        for row, group in _consensus(voting).items()
    }
    return _trusted(voting, [math.sqrt(sizes[row]) * _weight(voting, row) for row in _rows(voting)])


def srank(voting: Voting) -> Mapping[str, float]:
    """Clusters by output, each weighed by size and pass rate and by how it overlaps the others (arXiv 2311.03366)."""
    tests = voting.evidence.weights
    values = []
    for group in voting.groups:
        passed = [share_passed(voting.voters[i], tests) for i in group]
        rate = sum(passed) / len(passed) if tests else 1.0
        values.append(rate * sum(voting.voters[i].samples for i in group) / voting.drawn)
    scores = [0.0] * len(voting.voters)
    for group in voting.groups:
        overlap = [voting.agreement[group[0]][other[0]] for other in voting.groups]
        for i in group:
            scores[i] = sum(share * value for share, value in zip(overlap, values, strict=True))
    return _trusted(voting, scores)


def b4(voting: Voting) -> Mapping[str, float]:
    """The posterior of the consensus sets under Beta priors (arXiv 2409.08692)."""
    posterior = {row: _b4_posterior(voting, row, group) for row, group in _consensus(voting).items()}
    return _trusted(voting, [posterior[row] for row in _rows(voting)])


def _b4_posterior(voting: Voting, row: tuple[bool, ...], group: list[int]) -> float:
    weights, drawn, tests = voting.evidence.weights, voting.drawn, sum(voting.evidence.weights)
    size = sum(voting.voters[i].samples for i in group)
    chosen = _weight(voting, row)
    inside = outside = others = 0.0
    for i in set(range(len(voting.voters))) - set(group):
        voter = voting.voters[i]
        others += voter.samples
        for weight, mine, theirs in zip(weights, row, _row(voting, i), strict=True):
            inside += voter.samples * weight * (theirs and mine)
            outside += voter.samples * weight * (theirs and not mine)
    return (
        _log_beta(size + B4_ALPHA, drawn - size + 1)
        + _log_beta(chosen + B4_ALPHA, tests - chosen + 1)
        + _log_beta(inside + 1, others * chosen - inside + 1)
        + _log_beta(outside + 1, others * (tests - chosen) - outside + B4_BETA)
    )


def _log_beta(one: float, other: float) -> float:
    return lgamma(one) + lgamma(other) - lgamma(one + other)


def _row(voting: Voting, i: int) -> tuple[bool, ...]:
    """Which tests a candidate passes; what was not run is not passed."""
    passes = voting.voters[i].passes
    return tuple(t < len(passes) and passes[t] is True for t in range(len(voting.evidence.weights)))


def _rows(voting: Voting) -> list[tuple[bool, ...]]:
    return [_row(voting, i) for i in range(len(voting.voters))]


def _consensus(voting: Voting) -> dict[tuple[bool, ...], list[int]]:
    """The candidates that pass the same tests, by those tests."""
    found: dict[tuple[bool, ...], list[int]] = {}
    for i, row in enumerate(_rows(voting)):
        found.setdefault(row, []).append(i)
    return found


def _weight(voting: Voting, row: tuple[bool, ...]) -> float:
    return sum(weight for weight, passed in zip(voting.evidence.weights, row, strict=True) if passed)


def _trusted(voting: Voting, scores: list[float]) -> Mapping[str, float]:
    return {b.id: score for b, score in zip(voting.voters, scores, strict=True) if b.trusted}


RANKERS: Mapping[str, Ranker] = MappingProxyType(
    {"random": random, "most passed": most_passed, "CodeT": codet, "B4": b4, "SRank": srank, "ours": ours}
)
"""Every ranker by name; ours is the last."""
