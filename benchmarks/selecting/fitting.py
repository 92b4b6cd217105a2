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

from pytest_supercharger.logistic import Prior, regress
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
    held = Prior(means=prior, precisions=[STRENGTH] * len(prior))
    solved, _ = regress(rows, [float(c.right) for c in rated], mass, held)
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
