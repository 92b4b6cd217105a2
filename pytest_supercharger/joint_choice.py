"""Which candidates of stubs that need each other are tried together, in which order, and why none fits."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pytest_supercharger.domain import OutputKind, Verdict
from pytest_supercharger.matrix import Matrix

__all__ = ["MOST_STUBS", "Standing", "combinations", "shortlist", "standings", "too_many", "why_none"]

MOST_STUBS = 4
MOST_CANDIDATES = 4  # of a stub
MOST_COMBINATIONS = 32  # all pairs of two stubs, half of the triples of three
_BLAMELESS = frozenset({Verdict.PASS, Verdict.ENVIRONMENT, Verdict.INFRA})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of a candidate before it is tried together with those of other stubs."""

    id: str
    samples: int = 1
    passed: int = 0  # how often the generated tests were written that it passes alone
    agreed: int = 0  # samples that gave the same value, over all inputs on which it gives one alone


def standings(matrix: Matrix, aside: Sequence[str]) -> tuple[Standing, ...]:
    """Those that may be part of a joint choice: set aside or not refused, and right as far as they go alone."""
    drawn = matrix.drawn
    keys = [key for key in drawn if (key in aside or key not in matrix.refused) and not _fails_alone(matrix, key)]
    given = {
        key: [
            (probe, output.text)
            for (other, probe), output in matrix.outputs.items()
            if other == key and output.kind is OutputKind.VALUE
        ]
        for key in keys
    }
    votes: Counter[tuple[str, str]] = Counter()
    for key, answers in given.items():
        for answer in answers:
            votes[answer] += drawn[key]
    return tuple(
        Standing(
            id=key,
            samples=drawn[key],
            passed=sum(matrix.weights[test] for test in matrix.tests if _passes(matrix, key, test)),
            agreed=sum(votes[answer] for answer in given[key]),
        )
        for key in keys
    )


def shortlist(candidates: Sequence[Standing]) -> tuple[str, ...]:
    """The best of one stub, best first; ids decide only between those that are alike in everything else."""
    ranked = sorted(candidates, key=lambda one: (-one.samples, -one.passed, -one.agreed, one.id))
    return tuple(one.id for one in ranked[:MOST_CANDIDATES])


def combinations(shortlists: Sequence[Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """One candidate a stub, the combinations of high ranks first, `MOST_COMBINATIONS` at most."""
    ranks = itertools.product(*(range(len(known)) for known in shortlists))
    for chosen in sorted(ranks, key=lambda row: (sum(row), max(row), row))[:MOST_COMBINATIONS]:
        yield tuple(known[rank] for known, rank in zip(shortlists, chosen, strict=True))


def too_many(stub: str, circle: Sequence[str]) -> str:
    """Why a circle this large is not solved."""
    return (
        f"{len(circle)} stubs need each other ({', '.join(circle)}); {MOST_STUBS} at most are solved together: "
        f"write one of them yourself, {stub} for example"
    )


def why_none(stub: str, shortlists: Mapping[str, Sequence[str]], tried: int, obstacle: str) -> str:
    """Why nothing was chosen for a stub and those it needs: how much was tried and what stood in the way."""
    others = [other for other in shortlists if other != stub]
    head = f"needs {', '.join(others)}, which {'needs' if len(others) == 1 else 'need'} this one"
    empty = next((name for name, known in shortlists.items() if not known), None)
    if empty is not None:
        return f"{head}; no candidate of {empty} passes what can be run of it alone"
    what, whose = ("pair of candidates", "both") if len(others) == 1 else ("choice of one candidate each", "all")
    return f"{head}; no {what} passes the checks of {whose} ({tried} tried)" + (f": {obstacle}" if obstacle else "")


def _fails_alone(matrix: Matrix, key: str) -> bool:
    """Whether it fails a trusted or project test on the way of which no open stub stands."""
    results = [matrix.pairs.get((key, test.id)) for test in matrix.trusted]
    gate = matrix.gates.get(key)
    failed = any(pair is not None and pair.verdict not in _BLAMELESS and not pair.reached for pair in results)
    return failed or (gate is not None and bool(gate.failures))


def _passes(matrix: Matrix, key: str, test: str) -> bool:
    pair = matrix.pairs.get((key, test))
    return pair is not None and pair.verdict is Verdict.PASS and not pair.reached
