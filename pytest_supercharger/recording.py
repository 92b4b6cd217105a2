"""The record of an accepted outcome: what the search knows of it, put together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pytest_supercharger import evidence
from pytest_supercharger.agreement import Assessment
from pytest_supercharger.domain import Outcome, Verdict
from pytest_supercharger.earned import earned, telling
from pytest_supercharger.inflight import Generator
from pytest_supercharger.matrix import Matrix
from pytest_supercharger.options import Settings
from pytest_supercharger.services import Services

__all__ = ["record"]

# What may change a decision. Nodes, slots, folders and the like are this machine's business.
_DECIDING = (
    "confidence", "samples", "suites", "repairs", "time", "tokens", "level", "test_seconds", "memory", "processes",
    "output", "disk", "environment", "image", "allow", "install", "gate",
)  # fmt: skip


def record(
    outcome: Outcome,
    matrix: Matrix,
    services: Services,
    *,
    settings: Settings,
    asked: Mapping[str, int],
    writers: Mapping[str, Collection[str]],
    assessment: Assessment | None,
) -> evidence.Record:
    """The evidence of an accepted outcome, with the function as it is written beside the others.

    `asked` are the questions of each kind, `writers` the digests of the models that wrote each candidate and test, and
    `assessment` is the last one of all candidates.
    """
    assert outcome.candidate is not None, "only accepted outcomes have evidence"
    stub, bench = outcome.stub, services.bench
    tests = matrix.tests_passed(outcome.candidate.id)
    wrote = {model for key in (outcome.candidate.id, *(test.id for test in tests)) for model in writers.get(key, ())}
    return evidence.make(
        stub,
        outcome.candidate,
        bench.ledger.overlay([(stub, outcome.candidate)])[stub.relpath],
        probability=outcome.probability,
        model=_told(wrote, services.generator),
        candidates=outcome.candidates,
        samples=outcome.samples,
        tests=tests,
        gate=matrix.gate_tests(outcome.candidate.id),
        wheels=bench.dependencies.wheels(outcome.candidate),
        calibration=services.calibration.name,
        mutation=outcome.mutation,
        voted=_voted(matrix),
        model_digests=wrote,
        settings=_deciding(settings)
        | {key: stub.options[key] for key in ("confidence", "samples") if key in stub.options},
        seeds={"run": settings.seed, **asked},
        matrix=_summary(matrix, outcome.candidate.id, assessment),
    )


def _told(digests: Collection[str], generator: Generator) -> str:
    """What people call these models; all that were asked, where an answer does not say which one wrote it."""
    names = generator.models
    if not all(digests):
        return generator.model
    return ", ".join(dict.fromkeys(names.get(digest, digest[:12]) for digest in sorted(digests)))


def _deciding(settings: Settings) -> dict[str, Any]:
    found = {name: getattr(settings, name) for name in _DECIDING}
    return {name: [*value] if isinstance(value, tuple) else value for name, value in found.items()}


def _summary(matrix: Matrix, chosen: str, assessment: Assessment | None) -> dict[str, Any]:
    """What the matrix holds, in numbers: of the accepted candidate and of all, and who agrees with it."""
    agreeing = next((group for group in assessment.classes if chosen in group.ids), None) if assessment else None
    return {
        "accepted": _counted(pair.verdict for (key, _), pair in matrix.pairs.items() if key == chosen),
        "all": _counted(pair.verdict for pair in matrix.pairs.values()),
        "inputs": len(matrix.probes),
        "classes": len(assessment.classes) if assessment else 0,
        "agreeing_candidates": len(agreeing.ids) if agreeing else 1,
        "agreeing_samples": agreeing.samples if agreeing else 1,
        "refused": len(matrix.refused),
        "trusted_tests": len(matrix.trusted),
        "generated_tests": len(matrix.tests),
    }


def _counted(verdicts: Iterable[Verdict]) -> dict[str, int]:
    return dict(Counter(verdict.value for verdict in verdicts))


def _voted(matrix: Matrix) -> frozenset[str]:
    """Ids of the generated tests that have their full vote, and have told something apart."""
    known = matrix.evidence()
    shares = zip(matrix.tests, earned(known), telling(known), strict=True)
    return frozenset(test for test, share, tells in shares if share == 1.0 and tells)
