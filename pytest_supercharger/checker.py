"""Runs candidates in the sandbox, cheapest evidence first, and keeps the matrix up to date."""

from __future__ import annotations

import random
from collections.abc import Callable

from pytest_supercharger import effects, probes
from pytest_supercharger.domain import Candidate, GeneratedTest, SourceFile, Verdict
from pytest_supercharger.errors import SourceError
from pytest_supercharger.ledger import Ledger
from pytest_supercharger.matrix import Matrix
from pytest_supercharger.projecttests import ProjectTests
from pytest_supercharger.sandbox.base import Overlay, Sandbox

__all__ = ["Checker"]

_LIMITS = frozenset({Verdict.TIMEOUT, Verdict.MEMORY, Verdict.INFRA})
FUZZED_INPUTS = 32  # the study used up to 40; more inputs cost sandbox time and split right programs apart


class Checker:
    """Brings verdicts and outputs of one stub's candidates into its matrix."""

    def __init__(
        self,
        matrix: Matrix,
        source: SourceFile,
        *,
        sandbox: Sandbox,
        tests: ProjectTests,
        ledger: Ledger,
        allow: frozenset[str],
        wait: Callable[[str], bool],
        rng: random.Random,
    ) -> None:
        """`wait` waits for another stub and says whether that one was accepted."""
        self._matrix = matrix
        self._source = source
        self._sandbox = sandbox
        self._tests = tests
        self._ledger = ledger
        self._allow = allow
        self._wait = wait
        self._rng = rng
        for test in matrix.trusted:
            matrix.add_probes(test.probes, trusted=True)
        self._fuzz()

    def add_candidate(self, candidate: Candidate) -> None:
        """Run a new candidate on everything that is known; one that fails a trusted test is not run on the rest."""
        unwanted = effects.undeclared(candidate, self._source.data, allow=self._allow, stub=self._matrix.stub)
        if unwanted:
            self._refuse(candidate, f"uses what its module does not: {', '.join(unwanted)}")
            return
        self._run(candidate)
        self._await_others(candidate)

    def add_tests(self, new: tuple[GeneratedTest, ...]) -> None:
        """Run new generated tests, and the inputs they bring, on every candidate that is still in play."""
        for test in new:
            self._matrix.add_probes(test.probes)
        self._fuzz()
        for candidate in [*self._matrix.candidates.values()]:
            if candidate.id not in self._matrix.refused:
                self._run(candidate)
                self._await_others(candidate)

    def confirm(self, candidate: Candidate) -> bool:
        """Run everything the candidate passed once more, in another order; any difference rules it out."""
        overlay = self._overlay(candidate)
        if overlay is None:
            return False
        everything = [*self._matrix.trusted, *self._matrix.tests.values()]
        passed = [test for test in everything if self._verdict(candidate, test) is Verdict.PASS]
        self._rng.shuffle(passed)
        again = self._sandbox.run_tests(overlay, passed)
        gate = self._tests.gate(overlay, [self._matrix.stub.id])
        steady = gate.passed and all(again[test.id].verdict is Verdict.PASS for test in passed)
        silent = bool(gate.infra) or any(pair.verdict is Verdict.INFRA for pair in again.values())
        if not steady:
            reason = "the sandbox could not run it once more" if silent else "its verdicts change from run to run"
            self._refuse(candidate, reason)
        return steady

    def _await_others(self, candidate: Candidate) -> None:
        """Run a candidate again once the open stubs it calls are filled; behind one of them may stand another."""
        waited: set[str] = set()
        while others := self._matrix.waits_for(candidate.id) - waited:
            other = min(others)
            if not self._wait(other):
                self._refuse(candidate, f"needs {other}, which is not filled")
                return
            waited.add(other)
            self._matrix.forget(candidate.id)
            self._run(candidate)

    def _verdict(self, candidate: Candidate, test: GeneratedTest) -> Verdict | None:
        result = self._matrix.pairs.get((candidate.id, test.id))
        return None if result is None else result.verdict

    def _run(self, candidate: Candidate) -> None:
        overlay = self._overlay(candidate)
        if overlay is None:
            return
        matrix, key = self._matrix, candidate.id
        # One first: most wrong candidates fail it, and an endless one then costs one time limit, not all of them.
        for tests in (matrix.trusted[:1], matrix.trusted[1:]):
            if matrix.failing_trusted(key) is None:
                self._run_tests(overlay, key, tests)
        if matrix.failing_trusted(key) is None:
            if key not in matrix.gates:
                matrix.gates[key] = self._tests.gate(overlay, [matrix.stub.id])
            if matrix.gates[key].passed:
                self._run_tests(overlay, key, tuple(matrix.tests.values()))
        # Also of candidates that fail a trusted test: how far they agree with the others is part of the evidence.
        missing = matrix.missing_probes(key)
        if missing and not self._exhausts(key):
            outputs = self._sandbox.probe(overlay, matrix.stub.module, missing)
            matrix.outputs |= {(key, probe): output for probe, output in outputs.items()}

    def _exhausts(self, key: str) -> bool:
        """Whether the candidate ran into a limit on a trusted test: its inputs would each cost that limit again."""
        results = [self._matrix.pairs.get((key, test.id)) for test in self._matrix.trusted]
        return any(result is not None and result.verdict in _LIMITS for result in results)

    def _run_tests(self, overlay: Overlay, key: str, tests: tuple[GeneratedTest, ...]) -> None:
        missing = self._matrix.missing_tests(key, tests)
        if missing:
            results = self._sandbox.run_tests(overlay, missing)
            self._matrix.pairs |= {(key, test): result for test, result in results.items()}

    def _overlay(self, candidate: Candidate) -> Overlay | None:
        try:
            return self._ledger.overlay([(self._matrix.stub, candidate)])
        except SourceError as error:
            self._refuse(candidate, f"cannot be put into the file: {error}")
            return None

    def _refuse(self, candidate: Candidate, reason: str) -> None:
        if candidate.id not in self._matrix.refused:
            self._matrix.refused[candidate.id] = reason

    def _fuzz(self) -> None:
        """Top the inputs up with mutated ones, once there are real ones to mutate."""
        real = tuple(self._matrix.probes.values())
        room = FUZZED_INPUTS - len(real)
        if room <= 0:
            return
        if real:
            self._matrix.add_probes(probes.mutate(real, stub=self._matrix.stub, limit=room, rng=self._rng))
        else:
            self._matrix.add_probes(probes.from_signature(self._matrix.stub, rng=self._rng, limit=room))
