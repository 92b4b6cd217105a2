"""The weights of the probability: logistic regression held near the weights of the first study.

The study had twice the tasks of a pool, and weights that are free to move fit what is peculiar to one half. So each
weight is drawn towards the study's, in units of the feature's own spread (a normal prior). Pools count alike, with and
without trusted tests, whatever the number of cases. Folds are groups of tasks: all draws of a task, from both pools,
are held out together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import exp, sqrt

from selecting.accepting import Case

PRIOR = {
    "loo": 1.75,
    "pass": 1.61,
    "con": -3.37,
    "ln_k": -0.48,
    "ln_n": 0.16,
    "ln_1d": 1.35,
    "marg": 1.24,
    "bad": 0.08,
    "giv": 0.30,
    "ln_1t": 0.82,
    "same": 0.0,
}
PRIOR_INTERCEPT = -3.62
STRENGTH = 100.0  # pseudo-observations behind each weight of the prior
FOLDS = 10
SETTINGS = {
    "weak": ((5, 3), (5, 5), (8, 4), (10, 10), (12, 6), (20, 20)),
    "strong": ((3, 2), (5, 3), (8, 4), (10, 5), (12, 6), (20, 7)),
}
_STEPS = 25

Weights = Mapping[str, float]  # "" is the intercept


def probability(weights: Weights, case: Case) -> float:
    """The probability under these weights; 0 where there is no best candidate."""
    if not case.terms:
        return 0.0
    return 1 / (1 + exp(-weights[""] - sum(weights[name] * value for name, value in case.terms.items())))


def fit(cases: Sequence[Case]) -> Weights:
    """The weights for these cases."""
    rated = [c for c in cases if c.terms]
    names = [*PRIOR]
    mass = _mass(rated)
    means = {n: _mean([c.terms[n] for c in rated]) for n in names}
    spreads = {n: sqrt(_mean([(c.terms[n] - means[n]) ** 2 for c in rated])) or 1.0 for n in names}
    rows = [[1.0, *((c.terms[n] - means[n]) / spreads[n] for n in names)] for c in rated]
    prior = [PRIOR_INTERCEPT + sum(PRIOR[n] * means[n] for n in names), *(PRIOR[n] * spreads[n] for n in names)]
    solved = _newton(rows, [float(c.right) for c in rated], mass, prior)
    weights = {n: w / spreads[n] for n, w in zip(names, solved[1:], strict=True)}
    return {"": solved[0] - sum(weights[n] * means[n] for n in names)} | weights


def held_out(cases: Sequence[Case]) -> Callable[[Case], float]:
    """A probability for cases of these tasks, each under weights that were fitted without its task."""
    fold = {name: i % FOLDS for i, name in enumerate(sorted({c.task for c in cases}))}
    weights = [fit([c for c in cases if fold[c.task] != k]) for k in range(min(FOLDS, len(fold)))]
    return lambda case: probability(weights[fold[case.task]], case)


def _mass(cases: Sequence[Case]) -> list[float]:
    """Each pool, with and without trusted tests, weighs as many as there are tasks."""
    tasks = len({c.task for c in cases})
    sizes = Counter((c.pool, c.trusted) for c in cases)
    return [tasks / sizes[c.pool, c.trusted] for c in cases]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _newton(
    rows: Sequence[Sequence[float]], labels: Sequence[float], mass: Sequence[float], prior: Sequence[float]
) -> list[float]:
    weights, width = list(prior), range(len(prior))
    for _ in range(_STEPS):
        slope = [STRENGTH * (p - w) for p, w in zip(prior, weights, strict=True)]
        bend = [[STRENGTH * (a == b) for b in width] for a in width]
        for row, label, m in zip(rows, labels, mass, strict=True):
            p = 1 / (1 + exp(-sum(w * x for w, x in zip(weights, row, strict=True))))
            pull, flat = m * (label - p), m * p * (1 - p)
            for a in width:
                slope[a] += pull * row[a]
                scaled, line = flat * row[a], bend[a]
                for b in range(a + 1):
                    line[b] += scaled * row[b]
        step = _solve([[bend[max(a, b)][min(a, b)] for b in width] for a in width], slope)
        weights = [w + s for w, s in zip(weights, step, strict=True)]
        if max(map(abs, step)) < 1e-6:
            break
    return weights


def _solve(matrix: list[list[float]], right: Sequence[float]) -> list[float]:
    """Gauss-Jordan; the matrix is positive definite, so no pivot is zero."""
    rows = [[*line, value] for line, value in zip(matrix, right, strict=True)]
    for i, pivot in enumerate(rows):
        rows[i] = pivot = [value / pivot[i] for value in pivot]
        for j, line in enumerate(rows):
            if j != i:
                rows[j] = [value - line[i] * own for value, own in zip(line, pivot, strict=True)]
    return [line[-1] for line in rows]
