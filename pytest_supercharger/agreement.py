"""Who agrees with whom, and how sure that makes us: ranking and acceptance as pure functions.

A candidate is right as often as independent samples agree with it and tests written from the specification pass it.
The score is a soft vote over outputs + 0.5 * the share of generated tests passed; `acceptance` turns it into a
probability and a list of what is missing.

What counts as an output, input by input:
  - equal values agree; equal exceptions agree only when the specification mentions their type;
  - time-outs, memory errors and unstable results agree with nothing, not even with themselves;
  - an input is left out for everybody when at least half of the samples have nothing comparable on it (broken
    input, infra trouble, blocked by another stub, a value without canonical form);
  - otherwise a broken input or a value without canonical form counts against the candidate, while a missing run,
    infra trouble and a blocked call are left out for that pair of candidates only.
Candidates that are unstable or whose result equals everything have no vote and no score.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from pytest_supercharger.acceptance import INCOMPARABLE, is_good, probability_of, unmet, why_none
from pytest_supercharger.behaviour import Behaviour, Evidence
from pytest_supercharger.domain import Output, OutputKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Assessment", "Behaviour", "BehaviourClass", "Evidence", "assess"]

_T = TypeVar("_T")

PASS_WEIGHT = 0.5  # generated tests are voters of half weight

_UNKNOWN = frozenset({OutputKind.INFRA, OutputKind.BLOCKED})


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


def assess(evidence: Evidence, *, tau: float) -> Assessment:
    """Rank the candidates and say whether the best may be written; `tau` is the least probability for that."""
    table = _Table(evidence)
    best = table.best()
    if best is None:
        reason = why_none(evidence)
        return Assessment(best=None, probability=0.0, classes=table.classes(None), unmet=(reason,))
    features = table.features(best)
    # What has no vote has no fitted probability either.
    probability = probability_of(features) if best.id in table.keys else 0.0
    rival = table.rival(best)
    return Assessment(
        best=best.id,
        probability=probability,
        features=features,
        classes=table.classes(best),
        unmet=tuple(unmet(evidence, best, features, probability, tau)),
        rival=rival.id if rival else None,
        distinguishing=_distinguishing(best, rival, evidence.documented) if rival else None,
    )


class _Table:
    """The agreement of every two behaviours, their scores and their classes, worked out once."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.drawn = sum(b.samples for b in evidence.behaviours) + evidence.rejected
        self.voters = [b for b in evidence.behaviours if b.loads and not b.unstable and not b.equals_anything]
        self.pool = _pool(self.voters)
        self.keys = {b.id: self._keys(b) for b in self.voters}
        self.soft = {b.id: self._soft(b) for b in self.voters}
        self.score = {b.id: self.soft[b.id] + PASS_WEIGHT * self.passed(b) for b in self.voters}
        self.groups = self._groups()

    def _keys(self, behaviour: Behaviour) -> tuple[str | None, ...]:
        return tuple(_key(_at(behaviour.outputs, x)) for x in self.pool)

    def agree(self, one: Behaviour, other: Behaviour) -> float:
        """Share of the inputs on which both give the same good output."""
        known = equal = 0
        for x, mine, theirs in zip(self.pool, self.keys[one.id], self.keys[other.id], strict=True):
            if mine is None or theirs is None:
                continue
            known += 1
            equal += mine == theirs and is_good(_at(one.outputs, x), self.evidence.documented)
        # Little known must not look like full agreement: at least half of the inputs are counted.
        return equal / max(known, (len(self.pool) + 1) // 2, 1)

    def _soft(self, behaviour: Behaviour) -> float:
        return sum(self.agree(behaviour, b) * b.samples for b in self.voters) / self.drawn

    def passed(self, behaviour: Behaviour) -> float:
        """Weighted share of the generated tests that pass; tests without a verdict are left out up to a half."""
        total = sum(self.evidence.weights)
        verdicts = [(w, _at(behaviour.passes, t)) for t, w in enumerate(self.evidence.weights)]
        known = sum(w for w, verdict in verdicts if verdict is not None)
        return sum(w for w, verdict in verdicts if verdict) / max(known, total / 2) if total else 0.0

    def _groups(self) -> list[list[Behaviour]]:
        """Behaviours by equal outputs; one with gaps joins the first class it does not contradict."""
        groups: list[list[Behaviour]] = []
        for behaviour in sorted(self.voters, key=lambda b: (sum(k is None for k in self.keys[b.id]), *self.order(b))):
            mine = self.keys[behaviour.id]
            for group in groups:
                if _same(mine, self.keys[group[0].id]):
                    group.append(behaviour)
                    break
            else:
                groups.append([behaviour])
        return groups

    def order(self, behaviour: Behaviour) -> tuple[object, ...]:
        """Sort key, best first; ids decide only between candidates that are alike in everything else."""
        score = round(self.score.get(behaviour.id, 0.0), 12)
        content = [k or "" for k in self.keys[behaviour.id]], [str(verdict) for verdict in behaviour.passes]
        return (-score, -behaviour.samples, -behaviour.texts, *content, behaviour.id)

    def best(self) -> Behaviour | None:
        """The highest score among the candidates that pass all trusted tests."""
        trusted = sorted((b for b in self.voters if b.trusted), key=self.order)
        if trusted:
            return trusted[0]
        # Nothing honest is left: name a candidate all the same, so that the reason can be shown.
        doubtful = [b for b in self.evidence.behaviours if b.loads and b.trusted]
        return min(doubtful, key=lambda b: (-b.samples, b.id)) if doubtful else None

    def group_of(self, behaviour: Behaviour) -> list[Behaviour]:
        return next((g for g in self.groups if any(b is behaviour for b in g)), [behaviour])

    def rival(self, best: Behaviour) -> Behaviour | None:
        mine = {b.id for b in self.group_of(best)}
        return next((b for b in sorted(self.voters, key=self.order) if b.trusted and b.id not in mine), None)

    def classes(self, best: Behaviour | None) -> tuple[BehaviourClass, ...]:
        groups = [sorted(g, key=self.order) for g in self.groups]
        groups.sort(key=lambda g: (all(b is not best for b in g), *self.order(g[0])))
        return tuple(
            BehaviourClass(
                ids=tuple(b.id for b in group),
                samples=sum(b.samples for b in group),
                texts=sum(b.texts for b in group),
                score=self.score[group[0].id],
            )
            for group in groups
        )

    def features(self, best: Behaviour) -> dict[str, float]:
        """The inputs of the fitted formula, and the counts the gate and the search look at."""
        group = self.group_of(best)
        mine = {b.id for b in group}
        others = [b for b in self.voters if b.id not in mine]
        score = self.score.get(best.id, 0.0)
        bad = sum(b.samples for b in self.evidence.behaviours if not b.loads or not b.trusted or b.equals_anything)
        own = self.agree(best, best) if best.id in self.keys else 0.0
        total = sum(self.evidence.weights)
        k, d = sum(b.samples for b in group), sum(b.texts for b in group)
        return {
            "loo": (self.soft.get(best.id, 0.0) * self.drawn - own) / max(self.drawn - 1, 1),
            "pass": self.passed(best) if total else 0.5,
            "con": self._contradicted(best, others) / total if total else 0.0,
            "marg": score - max((self.score[b.id] for b in others), default=0.0),
            "bad": (bad + self.evidence.rejected) / self.drawn,
            "giv": 1.0 if self.evidence.trusted_checks else 0.0,
            "t": float(self.evidence.trusted_checks),
            "k": float(k),
            "d": float(d),
            "n": float(self.drawn),
            "inputs": float(sum(is_good(o, self.evidence.documented) for o in best.outputs)),
            "score": score,
        }

    def _contradicted(self, best: Behaviour, others: Sequence[Behaviour]) -> float:
        """Weight of the tests that the best fails and another class passes."""
        return sum(
            weight
            for t, weight in enumerate(self.evidence.weights)
            if _at(best.passes, t) is False and any(_at(b.passes, t) for b in others)
        )


def _at(items: Sequence[_T | None], index: int) -> _T | None:
    return items[index] if index < len(items) else None


def _pool(voters: Sequence[Behaviour]) -> tuple[int, ...]:
    """The inputs on which more than half of the samples that were probed can be compared."""
    probed = [b for b in voters if any(o is not None for o in b.outputs)]
    total = sum(b.samples for b in probed)

    def comparable(x: int) -> int:
        outputs = ((b.samples, _at(b.outputs, x)) for b in probed)
        return sum(n for n, output in outputs if output is not None and output.kind not in INCOMPARABLE)

    longest = max((len(b.outputs) for b in probed), default=0)
    return tuple(x for x in range(longest) if comparable(x) * 2 > total)


def _key(output: Output | None) -> str | None:
    """What must be equal for two outputs to be the same behaviour; None where nothing is known."""
    if output is None or output.kind in _UNKNOWN:
        return None
    return f"{output.kind.value}:{output.text}"


def _same(one: Sequence[str | None], other: Sequence[str | None]) -> bool:
    """No contradiction, on at least half of the inputs."""
    known = [(a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None]
    return len(known) * 2 >= len(one) and all(a == b for a, b in known)


def _distinguishing(best: Behaviour, rival: Behaviour, documented: frozenset[str]) -> int | None:
    """The probe that tells the two apart most plainly: two values first, then the shortest."""
    ranked: list[tuple[bool, int, int]] = []
    for x in range(min(len(best.outputs), len(rival.outputs))):
        mine, theirs = best.outputs[x], rival.outputs[x]
        if mine is None or theirs is None or {mine.kind, theirs.kind} & INCOMPARABLE or _key(mine) == _key(theirs):
            continue
        plain = mine.kind is OutputKind.VALUE and theirs.kind is OutputKind.VALUE
        ranked.append((not plain, len(mine.preview or mine.text) + len(theirs.preview or theirs.text), x))
    return min(ranked)[2] if ranked else None
