"""Logistic regression with a normal prior on every weight: the most probable weights, by Newton's method."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

__all__ = ["Prior", "inverse", "regress", "sigmoid"]

_STEPS = 50
_HALVINGS = 40
_CLOSE = 1e-9

Matrix = Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """Where each weight is expected, and how firmly: one over the variance."""

    means: Sequence[float]
    precisions: Sequence[float]


def sigmoid(logit: float) -> float:
    """The probability of a logit, however large."""
    if logit < 0:
        return 1 - sigmoid(-logit)
    return 1 / (1 + math.exp(-logit))


def regress(
    rows: Matrix, labels: Sequence[float], mass: Sequence[float], prior: Prior
) -> tuple[list[float], list[list[float]]]:
    """The weights at the peak of the posterior, and how sharply it bends there (its negative second derivatives)."""
    weights = list(prior.means)
    height = _height(rows, labels, mass, prior, weights)
    for _ in range(_STEPS):
        slope, bend = _derivatives(rows, labels, mass, prior, weights)
        step = [sum(b * s for b, s in zip(line, slope, strict=True)) for line in inverse(bend)]
        if max(map(abs, step)) < _CLOSE:
            break
        # A whole step may jump over the peak where all probabilities are near 0 or 1.
        for tried in _shorter(weights, step):
            reached = _height(rows, labels, mass, prior, tried)
            if reached >= height:
                weights, height = tried, reached
                break
        else:
            break
    return weights, _derivatives(rows, labels, mass, prior, weights)[1]


def _shorter(weights: Sequence[float], step: Sequence[float]) -> Iterator[list[float]]:
    for halvings in range(_HALVINGS):
        yield [w + s / 2**halvings for w, s in zip(weights, step, strict=True)]


def _height(
    rows: Matrix, labels: Sequence[float], mass: Sequence[float], prior: Prior, weights: Sequence[float]
) -> float:
    """The logarithm of the posterior, up to a constant."""
    total = -0.5 * sum(p * (w - m) ** 2 for w, m, p in zip(weights, prior.means, prior.precisions, strict=True))
    for row, label, m in zip(rows, labels, mass, strict=True):
        logit = sum(w * x for w, x in zip(weights, row, strict=True))
        total -= m * (max(logit, 0.0) + math.log1p(math.exp(-abs(logit))) - label * logit)
    return total


def _derivatives(
    rows: Matrix, labels: Sequence[float], mass: Sequence[float], prior: Prior, weights: Sequence[float]
) -> tuple[list[float], list[list[float]]]:
    width = range(len(weights))
    slope = [p * (m - w) for w, m, p in zip(weights, prior.means, prior.precisions, strict=True)]
    bend = [[prior.precisions[a] * (a == b) for b in width] for a in width]
    for row, label, m in zip(rows, labels, mass, strict=True):
        p = sigmoid(sum(w * x for w, x in zip(weights, row, strict=True)))
        pull, flat = m * (label - p), m * p * (1 - p)
        for a in width:
            slope[a] += pull * row[a]
            scaled, line = flat * row[a], bend[a]
            for b in range(a + 1):
                line[b] += scaled * row[b]
    return slope, [[bend[max(a, b)][min(a, b)] for b in width] for a in width]


def inverse(matrix: Matrix) -> list[list[float]]:
    """Gauss-Jordan; the matrix is positive definite, so no pivot is zero."""
    size = len(matrix)
    rows = [[*line, *(float(i == j) for j in range(size))] for i, line in enumerate(matrix)]
    for i, pivot in enumerate(rows):
        rows[i] = pivot = [value / pivot[i] for value in pivot]
        for j, line in enumerate(rows):
            if j != i:
                rows[j] = [value - line[i] * own for value, own in zip(line, pivot, strict=True)]
    return [line[size:] for line in rows]
