"""What a probability is worth for one model: p' = sigmoid(a + b * logit p), with a say of the judge where it has one.

`a` and `b` are fitted on tasks whose right answers are known (Platt, 1999), held near no change by a normal prior.
A third weight belongs to the judge, the node's own word on whether a candidate is right. It moves the logit by 1 at
most, so it can tip a balance and never decide.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_supercharger.logistic import Prior, inverse, regress, sigmoid

__all__ = ["ENOUGH", "SHIPPED", "Calibration", "Fit", "Known", "calibration_error", "fit", "held_out"]

ENOUGH = 30  # outcomes from which on a fit is used
ENOUGH_UNTRUSTED = 10  # of them without any trusted test: only then their stricter threshold falls
JUDGE_CAP = 1.0  # the most that the judge moves the logit
_PRIOR = Prior(means=(0.0, 1.0, 0.0), precisions=(1.0, 0.3**-2, 0.3**-2))  # of a, b and c
_LOWEST = -3.0  # a logit below it counts as this: hopeless is hopeless, and must not tilt the line
_FLATTEST = 0.1  # of b: a surer candidate is never held for less sure
_JUDGE_REACH = 3.0  # the judge's logit within plus and minus this: small models say 1.000
_EDGE = 1e-9
_BINS = 10
_PARTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The best candidate of one task, by the shipped fit, and whether it is right."""

    probability: float
    right: bool
    trusted: bool = True  # a trusted test vouches for it
    judged: float | None = None  # P(yes) of the judge, where it was asked

    @property
    def _order(self) -> tuple[float, bool, bool, float]:
        return self.probability, self.right, self.trusted, -1.0 if self.judged is None else self.judged


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How the shipped probability becomes that of one model; without arguments it stays as it is."""

    a: float = 0.0
    b: float = 1.0
    c: float = 0.0
    usual: float = 0.0  # the judge's usual logit: what it says of everything tells nothing
    strict: bool = True  # whether stubs without any trusted test need more
    name: str = "shipped fit"  # for people
    by_model: Mapping[str, Calibration] = field(default_factory=dict)  # digest of the author -> its own, of several

    def of(self, model: str) -> Calibration:
        """What holds for a candidate that the model with this digest wrote."""
        return self.by_model.get(model, self)

    @property
    def asks_judge(self) -> bool:
        """Whether the judge's word is worth anything with this model."""
        return self.c != 0.0

    def probability(self, shipped: float, judged: float | None = None) -> float:
        """The probability that a candidate is right; 0 stays 0, as nothing was weighed there."""
        if shipped <= 0 or (self.a, self.b, self.c) == (0.0, 1.0, 0.0):
            return shipped
        return sigmoid(self.a + self.b * _logit(shipped) + self._say(judged))

    def best_case(self, probability: float) -> float:
        """What a calibrated probability could become by the best word of the judge."""
        if not self.asks_judge or probability <= 0:
            return probability
        return sigmoid(_logit(probability) + max(self._say(0.0), self._say(1.0)))

    def _say(self, judged: float | None) -> float:
        if judged is None:
            return 0.0
        return max(-JUDGE_CAP, min(JUDGE_CAP, self.c * (_word(judged) - self.usual)))


SHIPPED = Calibration()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What a set of known outcomes says about a model."""

    a: float = 0.0
    b: float = 1.0
    c: float = 0.0  # 0 where the judge was not asked often enough, or its weight is not clearly another one
    usual: float = 0.0
    judge: float = 0.0  # the weight of the judge as it came out, and its standard error
    judge_error: float = 0.0
    outcomes: int = 0
    untrusted: int = 0  # of them without any trusted test

    @property
    def suffices(self) -> bool:
        """Whether enough outcomes are known for the fit to be used."""
        return self.outcomes >= ENOUGH

    def calibration(self, name: str) -> Calibration:
        """The fit in use, under a name for people."""
        strict = self.untrusted < ENOUGH_UNTRUSTED
        return Calibration(a=self.a, b=self.b, c=self.c, usual=self.usual, strict=strict, name=name)


def fit(known: Iterable[Known]) -> Fit:
    """The most probable a and b, and c where the judge's word is clearly worth something; order does not matter."""
    outcomes = sorted(known, key=lambda one: one._order)
    counts = {"outcomes": len(outcomes), "untrusted": sum(not one.trusted for one in outcomes)}
    words = [_word(one.judged) for one in outcomes if one.judged is not None]
    judge = error = 0.0
    if len(words) >= ENOUGH:
        usual = math.fsum(words) / len(words)
        (a, b, judge), bend = _solve([(*_row(one), _heard(one, usual)) for one in outcomes], outcomes)
        error = math.sqrt(inverse(bend)[2][2])
        if abs(judge) > error:
            return Fit(a=a, b=b, c=judge, usual=usual, judge=judge, judge_error=error, **counts)
    (a, b), _ = _solve([_row(one) for one in outcomes], outcomes)
    return Fit(a=a, b=b, judge=judge, judge_error=error, **counts)


def held_out(known: Sequence[Known]) -> list[float]:
    """The probability of each outcome under a fit that was made without it and a tenth of the others.

    Every part has its share of right ones: a fit without one wrong outcome alone would be surer of just that one.
    """
    ranked = sorted(range(len(known)), key=lambda i: (known[i].right, known[i]._order, i))
    part = {i: rank % _PARTS for rank, i in enumerate(ranked)}
    fits = [fit(one for i, one in enumerate(known) if part[i] != k).calibration("") for k in range(_PARTS)]
    return [fits[part[i]].probability(one.probability, one.judged) for i, one in enumerate(known)]


def calibration_error(pairs: Sequence[tuple[float, bool]]) -> float:
    """Mean distance of probability and share right over ten bins of equal width, by the number in each."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for probability, right in pairs:
        bins.setdefault(min(int(probability * _BINS), _BINS - 1), []).append((probability, right))
    gaps = (abs(sum(p - right for p, right in found)) for found in bins.values())
    return sum(gaps) / max(len(pairs), 1)


def _solve(rows: Sequence[Sequence[float]], outcomes: Sequence[Known]) -> tuple[list[float], list[list[float]]]:
    width = len(rows[0]) if rows else 2
    prior = Prior(means=_PRIOR.means[:width], precisions=_PRIOR.precisions[:width])
    labels, mass = [float(one.right) for one in outcomes], [1.0] * len(outcomes)
    weights, bend = regress(rows, labels, mass, prior)
    if weights[1] < _FLATTEST:
        held = Prior(means=(0.0, _FLATTEST, 0.0)[:width], precisions=(prior.precisions[0], 1e12, *prior.precisions[2:]))
        weights, bend = regress(rows, labels, mass, held)
        weights[1] = _FLATTEST
    return weights, bend


def _row(one: Known) -> tuple[float, float]:
    return 1.0, max(_LOWEST, _logit(one.probability))


def _heard(one: Known, usual: float) -> float:
    return 0.0 if one.judged is None else _word(one.judged) - usual


def _word(judged: float) -> float:
    """The judge's logit, within its reach."""
    return max(-_JUDGE_REACH, min(_JUDGE_REACH, _logit(judged)))


def _logit(probability: float) -> float:
    bounded = min(max(probability, _EDGE), 1 - _EDGE)
    return math.log(bounded / (1 - bounded))
