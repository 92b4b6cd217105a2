"""The record of an accepted outcome: what the search knows of it, put together."""

from __future__ import annotations

from pytest_supercharger import evidence
from pytest_supercharger.domain import Outcome
from pytest_supercharger.earned import earned, telling
from pytest_supercharger.matrix import Matrix
from pytest_supercharger.services import Services

__all__ = ["record"]


def record(outcome: Outcome, matrix: Matrix, services: Services) -> evidence.Record:
    """The evidence of an accepted outcome, with the function as it is written beside the others."""
    assert outcome.candidate is not None, "only accepted outcomes have evidence"
    stub, bench = outcome.stub, services.bench
    return evidence.make(
        stub,
        outcome.candidate,
        bench.ledger.overlay([(stub, outcome.candidate)])[stub.relpath],
        probability=outcome.probability,
        model=services.generator.model,
        candidates=outcome.candidates,
        samples=outcome.samples,
        tests=matrix.tests_passed(outcome.candidate.id),
        gate=matrix.gate_tests(outcome.candidate.id),
        wheels=bench.dependencies.wheels(outcome.candidate),
        calibration=services.calibration.name,
        mutation=outcome.mutation,
        voted=_voted(matrix),
    )


def _voted(matrix: Matrix) -> frozenset[str]:
    """Ids of the generated tests that have their full vote, and have told something apart."""
    known = matrix.evidence()
    shares = zip(matrix.tests, earned(known), telling(known), strict=True)
    return frozenset(test for test, share, tells in shares if share == 1.0 and tells)
