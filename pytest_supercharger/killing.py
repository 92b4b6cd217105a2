"""Tries the tests of a candidate where there is nothing right to pass: on the empty stub, and on its mutants.

Mutants are generated code: the effect gate reads them first, and only the sandbox runs them. No mutant is run on more
than it takes to know whether it is noticed, and to show of each test whether it notices any. One that runs into a
limit is the last one: the next would cost as much.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from pytest_supercharger import effects, kills
from pytest_supercharger.bench import Bench
from pytest_supercharger.domain import LIMITS, Candidate, GeneratedTest, Output, OutputKind, SourceFile
from pytest_supercharger.errors import SourceError
from pytest_supercharger.kills import Place
from pytest_supercharger.ledger import Filling
from pytest_supercharger.matrix import Matrix
from pytest_supercharger.mutants import Mutant, mutants_of
from pytest_supercharger.sandbox.base import Overlay

__all__ = ["Killing"]

_FIRST_BATCH = 2  # tests at once; few at first, as an endless mutant costs a limit a test
_LARGEST_BATCH = 8
_LIMITS = frozenset(verdict.value for verdict in LIMITS)  # of outputs
_REPEATABLE = frozenset({OutputKind.VALUE, OutputKind.EXCEPTION})


class Killing:
    """Fills the kill matrix of one stub."""

    def __init__(
        self,
        matrix: Matrix,
        source: SourceFile,
        *,
        bench: Bench,
        allow: frozenset[str],
        beside: Callable[[], Sequence[Filling]],
        in_time: Callable[[], bool],
    ) -> None:
        """`beside` are bodies of other open stubs, `in_time` says whether another round in the sandbox may begin."""
        self._matrix = matrix
        self._kills = matrix.kills
        self._source = source
        self._bench = bench
        self._sandbox = bench.splitting.sandbox
        self._allow = allow
        self._beside = beside
        self._in_time = in_time

    def run(self, candidate: Candidate) -> bool:
        """Run what is missing on the empty stub and the mutants of this candidate; whether anything new is known."""
        before = self._kills.size
        self._on_stub(candidate)
        for mutant in self._mutants(candidate):
            place = candidate.id, mutant.candidate.id
            if not self._try(place, mutant.candidate):
                break
        return self._kills.size > before

    def _on_stub(self, candidate: Candidate) -> None:
        tests = [test for test in self._generated(candidate) if test.id not in self._kills.blank]
        if tests and self._in_time():
            # Nearly all fail, and what fails in a batch would be run on its own again.
            results = self._sandbox.run_tests(self._bench.ledger.overlay(self._beside()), tests, isolated=True)
            self._kills.blank |= kills.passes(results)

    def _mutants(self, candidate: Candidate) -> Iterator[Mutant]:
        """The mutants that are worth running: none that ran into a limit, and no new one behind such."""
        known, key = self._kills, candidate.id
        if key not in known.mutants:
            known.mutants[key] = tuple(self._made(candidate))
        places = [(key, mutant.candidate.id) for mutant in known.mutants[key]]
        spent = not known.spent.isdisjoint(places)
        for place, mutant in zip(places, known.mutants[key], strict=True):
            if place not in known.spent and (place in known.pairs or not spent):
                yield mutant

    def _made(self, candidate: Candidate) -> Iterator[Mutant]:
        matrix, module = self._matrix, self._source.data
        outputs = (matrix.outputs.get((candidate.id, probe)) for probe in matrix.probes)
        seen = [output.preview or output.text for output in outputs if output and output.kind is OutputKind.VALUE]
        rng = random.Random(f"mutants of {candidate.id}")  # apart from that of the search, which it would shift
        allow = self._allow | self._bench.dependencies.modules()
        for mutant in mutants_of(candidate, matrix.stub, seen=seen, known=matrix.candidates, rng=rng):
            if not effects.undeclared(mutant.candidate, module, allow=allow, stub=matrix.stub):
                yield mutant

    def _try(self, place: Place, mutant: Candidate) -> bool:
        """Run one mutant; False when it ran into a limit, or the time is spent."""
        try:
            overlay = self._bench.ledger.overlay([*self._beside(), (self._matrix.stub, mutant)])
        except SourceError:
            return True  # it does not fit into the file, and so says nothing
        candidate = self._matrix.candidates[place[0]]
        kept = (
            self._run(overlay, place, self._trusted(candidate), until_killed=True)
            and self._run(overlay, place, self._unproven(candidate))
            and self._run(overlay, place, self._generated(candidate), until_killed=True)
        )
        if not kept:
            return False
        return self._kills.is_killed(place) or place in self._kills.differs or self._probe(overlay, place)

    def _run(
        self, overlay: Overlay, place: Place, tests: Sequence[GeneratedTest], *, until_killed: bool = False
    ) -> bool:
        """Run these in growing batches, up to the first limit; False when there was one, or the time is spent."""
        # What one test notices, most do: a batch would only be run once more on its own.
        left, size = self._missing(place, tests), 1 if until_killed else _FIRST_BATCH
        while left and not (until_killed and self._kills.is_killed(place)):
            if not self._in_time():
                return False
            batch, left = left[:size], left[size:]
            size = min(2 * size, _LARGEST_BATCH)
            results = self._sandbox.run_tests(overlay, batch)
            self._kills.pairs.setdefault(place, {}).update(results)
            if any(result.verdict in LIMITS for result in results.values()):
                self._kills.spent.add(place)
                return False
        return True

    def _probe(self, overlay: Overlay, place: Place) -> bool:
        """See whether a mutant that no test notices gives other outputs at all."""
        matrix = self._matrix
        before = {probe: matrix.outputs.get((place[0], probe)) for probe in matrix.probes}
        inputs = [matrix.probes[probe] for probe, output in before.items() if output and output.kind in _REPEATABLE]
        if not inputs:
            return True
        if not self._in_time():
            return False
        outputs = self._sandbox.probe(overlay, matrix.stub.module, inputs)
        self._kills.differs[place] = any(_differs(output, before[probe]) for probe, output in outputs.items())
        if any(output.kind.value in _LIMITS for output in outputs.values()):
            self._kills.spent.add(place)
        return place not in self._kills.spent

    def _missing(self, place: Place, tests: Sequence[GeneratedTest]) -> list[GeneratedTest]:
        known = self._kills.pairs.get(place, {})
        return [test for test in tests if test.id not in known]

    def _unproven(self, candidate: Candidate) -> list[GeneratedTest]:
        """The tests that have not told anything apart yet."""
        tests = self._generated(candidate)
        told = self._kills.told([test.id for test in tests])
        return [test for test, one in zip(tests, told, strict=True) if not one.killed]

    def _trusted(self, candidate: Candidate) -> list[GeneratedTest]:
        return [test for test in self._matrix.tests_passed(candidate.id) if test.trusted]

    def _generated(self, candidate: Candidate) -> list[GeneratedTest]:
        """The generated tests that the candidate passes and that may have a vote."""
        passed = self._matrix.tests_passed(candidate.id)
        return [test for test in passed if not test.trusted and self._kills.may_vote(test.id)]


def _differs(output: Output, before: Output | None) -> bool:
    """Whether a mutant did something else; what came to nothing says nothing."""
    if before is None or output.kind in (OutputKind.INFRA, OutputKind.BLOCKED, OutputKind.INVALID):
        return False
    return (output.kind, output.text) != (before.kind, before.text)
