"""Who is worth a repair, and the one failing test that the model is shown of it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pytest_supercharger.agreement import Assessment
from pytest_supercharger.domain import GeneratedTest
from pytest_supercharger.matrix import Matrix
from pytest_supercharger.progress import Parent

__all__ = ["failure", "parents"]

_SUPPORT = 0.5  # of the samples that pass all trusted tests: less of them do not make a generated test right


def parents(matrix: Matrix, tries: Mapping[str, int], assessment: Assessment | None) -> tuple[Parent, ...]:
    """Who may be repaired: candidates that fail a trusted test, and the best where most others pass what it fails.

    `tries` says how often each candidate was repaired already. Refused ones are nobody's parents.
    """
    found = []
    for key in matrix.drawn:
        test = None if key in matrix.refused else _smallest_trusted(matrix, key)
        if test is not None:
            found.append(_parent(matrix, key, test, tries))
    best = assessment.best if assessment is not None else None
    if best is not None and matrix.vouched(best):
        test = _strongest_generated(matrix, best)
        if test is not None:
            found.append(_parent(matrix, best, test, tries))
    return tuple(found)


def failure(matrix: Matrix, candidate_id: str, test_id: str) -> tuple[str, str]:
    """A test as a person would read it, as far as it is known here, and what this candidate did on it."""
    tests = {test.id: test for test in (*matrix.trusted, *matrix.tests.values())}
    if test_id in tests:
        result = matrix.pairs[candidate_id, test_id]
        return _shown(tests[test_id]), _plain(result.detail) or result.verdict.value
    return f"# {test_id}", _plain(matrix.gates[candidate_id].failures[test_id])


def _parent(matrix: Matrix, key: str, test: str, tries: Mapping[str, int]) -> Parent:
    trusted = [*matrix.verdicts(key, [test.id for test in matrix.trusted]).values()]
    generated = matrix.verdicts(key, matrix.tests)
    fails_trusted = matrix.failing_trusted(key) is not None
    return Parent(
        candidate_id=key,
        test_id=test,
        trusted_passed=trusted.count(True),
        trusted_failed=max(int(fails_trusted), trusted.count(False)),
        passed=float(sum(matrix.weights[test] for test, passed in generated.items() if passed)),
        failed=float(sum(matrix.weights[test] for test, passed in generated.items() if not passed)),
        tries=tries.get(key, 0),
    )


def _smallest_trusted(matrix: Matrix, key: str) -> str | None:
    """The shortest trusted test the candidate fails, else the project test that stops it."""
    verdicts = matrix.verdicts(key, [test.id for test in matrix.trusted])
    failed = [test for test in matrix.trusted if verdicts.get(test.id) is False]
    if failed:
        return min(failed, key=lambda test: len(_shown(test))).id
    failing = matrix.failing_trusted(key)
    return failing[0] if failing is not None else None


def _strongest_generated(matrix: Matrix, key: str) -> str | None:
    """The generated test with the most votes among those the candidate fails and at least half of the vote passes."""
    voters = [
        (samples, matrix.verdicts(other, matrix.tests))
        for other, samples in matrix.drawn.items()
        if matrix.vouched(other)
    ]

    def support(test: str) -> float:
        known = sum(samples for samples, verdicts in voters if test in verdicts)
        return sum(samples for samples, verdicts in voters if verdicts.get(test)) / known if known else 0.0

    def strength(test: str) -> tuple[float, int]:
        return matrix.weights[test] * support(test), -len(_shown(matrix.tests[test]))

    failed = (test for test, passed in matrix.verdicts(key, matrix.tests).items() if not passed)
    return max((test for test in failed if support(test) >= _SUPPORT), key=strength, default=None)


def _shown(test: GeneratedTest) -> str:
    return test.shown or test.source


def _plain(detail: str) -> str:
    """The failure without the place in the sandbox, which tells a model nothing."""
    return re.sub(r"\nat /\S+\Z", "", detail)
