"""Who is right: ranking and acceptance as pure functions.

A candidate is right as often as independent samples agree with it and tests written from the specification pass it.
`voting` works out the score of each candidate: a soft vote over outputs + 0.5 * the weighted share of generated tests
passed. Here the best is chosen among those that pass every trusted test, and `acceptance` turns what is known about
it into a probability and a list of what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum

from pytest_supercharger.acceptance import INCOMPARABLE, is_good, probability_of, unmet, why_none
from pytest_supercharger.behaviour import Behaviour, Evidence
from pytest_supercharger.calibration import SHIPPED, Calibration
from pytest_supercharger.domain import Output, OutputKind
from pytest_supercharger.earned import speaking
from pytest_supercharger.voting import Voting, at, share_passed

__all__ = ["Assessment", "Behaviour", "BehaviourClass", "Evidence", "assess", "best_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviourClass:
    """Candidates that do the same on every input."""

    ids: tuple[str, ...]
    samples: int
    texts: int
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The best candidate, the probability that it is right, and what still speaks against writing it."""

    best: str | None
    probability: float
    features: Mapping[str, float] = field(default_factory=dict)
    classes: tuple[BehaviourClass, ...] = ()  # best first
    unmet: tuple[str, ...] = ()  # what acceptance still lacks, in words
    rival: str | None = None  # best trusted candidate of another class
    distinguishing: int | None = None  # index of a probe on which best and rival differ
    differing: tuple[int, ...] = ()  # all of those, plainest first


def assess(
    evidence: Evidence,
    *,
    tau: float,
    calibration: Calibration = SHIPPED,
    judged: Mapping[str, float | None] | None = None,
) -> Assessment:
    """Rank the candidates and say whether the best may be written; `tau` is the least probability for that.

    `judged` is what the judge said of candidates, by their id: P(yes).
    """
    voting = Voting(evidence)
    best = best_of(voting)
    if best is None:
        return _without_best(voting, tau)
    features = _features(voting, best)
    probability = calibration.probability(probability_of(features), (judged or {}).get(voting.voters[best].id))
    rival = _rival(voting, best)
    differing = _differing(voting, best, rival) if rival is not None else ()
    return Assessment(
        best=voting.voters[best].id,
        probability=probability,
        features=features,
        classes=_classes(voting, best),
        unmet=tuple(unmet(evidence, voting.voters[best], features, probability, tau, strict=calibration.strict)),
        rival=voting.voters[rival].id if rival is not None else None,
        distinguishing=next(iter(differing), None),
        differing=differing,
    )


def best_of(voting: Voting) -> int | None:
    """The voter with the highest score among those that pass all trusted tests."""
    return min((i for i, b in enumerate(voting.voters) if b.trusted), key=voting.order, default=None)


def _without_best(voting: Voting, tau: float) -> Assessment:
    """Nothing honest is left: name a candidate all the same where there is one, so that the reason can be shown."""
    evidence, classes = voting.evidence, _classes(voting, None)
    doubtful = [b for b in evidence.behaviours if b.loads and b.trusted]
    if not doubtful:
        return Assessment(best=None, probability=0.0, classes=classes, unmet=(why_none(evidence),))
    named = min(doubtful, key=lambda b: (-b.samples, b.id))
    features = _counts(voting, named, [named])
    # What has no vote has no fitted probability.
    reasons = tuple(unmet(evidence, named, features, 0.0, tau))
    return Assessment(best=named.id, probability=0.0, features=features, classes=classes, unmet=reasons)


def _rival(voting: Voting, best: int) -> int | None:
    mine = set(voting.group_of(best))
    others = (i for i, b in enumerate(voting.voters) if b.trusted and i not in mine)
    return min(others, key=voting.order, default=None)


def _classes(voting: Voting, best: int | None) -> tuple[BehaviourClass, ...]:
    groups = [sorted(group, key=voting.order) for group in voting.groups]
    groups.sort(key=lambda group: (best not in group, *voting.order(group[0])))
    return tuple(
        BehaviourClass(
            ids=tuple(voting.voters[i].id for i in group),
            samples=sum(voting.voters[i].samples for i in group),
            texts=sum(voting.voters[i].texts for i in group),
            score=voting.scores[group[0]],
        )
        for group in groups
    )


def _features(voting: Voting, best: int) -> dict[str, float]:
    """The inputs of the fitted formula, and the counts the gate and the search look at."""
    voters, weights = voting.voters, voting.evidence.weights
    mine = voting.group_of(best)
    others = [i for i in range(len(voters)) if i not in mine]
    agree, total = voting.agreement[best], sum(weights)
    spoken = speaking(voters[best], weights, voting.earned)
    voted = fsum(share * b.samples for share, b in zip(agree, voters, strict=True)) - agree[best]
    return _counts(voting, voters[best], [voters[i] for i in mine]) | {
        "loo": voted / max(voting.drawn - 1, 1),
        "pass": share_passed(voters[best], spoken) if any(spoken) else 0.5,
        "con": _contradicted(voters[best], [voters[i] for i in others], weights) / total if total else 0.0,
        "marg": voting.scores[best] - max((voting.scores[i] for i in others), default=0.0),
        "same": voting.chance(best, best),
        "score": voting.scores[best],
    }


def _counts(voting: Voting, best: Behaviour, group: Sequence[Behaviour]) -> dict[str, float]:
    evidence = voting.evidence
    bad = sum(b.samples for b in evidence.behaviours if not b.loads or not b.trusted or b.equals_anything)
    return {
        "bad": (bad + evidence.rejected) / voting.drawn,
        "giv": 1.0 if evidence.trusted_checks else 0.0,
        "t": float(evidence.trusted_checks),
        "k": float(sum(b.samples for b in group)),
        "d": float(sum(b.texts for b in group)),
        "n": float(voting.drawn),
        "inputs": float(sum(is_good(o, evidence.documented) for o in best.outputs)),
        "votes": float(sum(share == 1.0 and at(best.passes, t) is True for t, share in enumerate(voting.earned))),
    }


def _contradicted(best: Behaviour, others: Sequence[Behaviour], weights: Sequence[float]) -> float:
    """Weight of the tests that the best fails and another class passes."""
    return sum(
        weight
        for t, weight in enumerate(weights)
        if at(best.passes, t) is False and any(at(b.passes, t) for b in others)
    )


def _differing(voting: Voting, best: int, rival: int) -> tuple[int, ...]:
    """The probes that tell the two apart, the plainest first: two values before others, then the shortest."""
    ranked: list[tuple[bool, int, int]] = []
    for x, (mine, theirs) in enumerate(zip(voting.voters[best].outputs, voting.voters[rival].outputs, strict=False)):
        if mine is None or theirs is None or {mine.kind, theirs.kind} & INCOMPARABLE or _alike(mine, theirs):
            continue
        plain = mine.kind is OutputKind.VALUE and theirs.kind is OutputKind.VALUE
        ranked.append((not plain, len(mine.preview or mine.text) + len(theirs.preview or theirs.text), x))
    return tuple(x for _, _, x in sorted(ranked))


def _alike(one: Output, other: Output) -> bool:
    return (one.kind, one.text) == (other.kind, other.text)
