"""Runs everything a candidate passed and gave once more, before it is accepted."""

from __future__ import annotations

import random
from collections.abc import Callable

from pytest_supercharger.bench import Bench
from pytest_supercharger.domain import Candidate, OutputKind, Verdict
from pytest_supercharger.matrix import Matrix
from pytest_supercharger.projecttests import GateVerdict
from pytest_supercharger.sandbox.base import Overlay

__all__ = ["Confirming"]

_REPEATABLE = frozenset({OutputKind.VALUE, OutputKind.EXCEPTION})


class Confirming:
    """The second run of one stub's candidates; `gate` puts one through the project tests."""

    def __init__(
        self, matrix: Matrix, *, bench: Bench, gate: Callable[[Overlay], GateVerdict], rng: random.Random
    ) -> None:
        """Nothing is run yet."""
        self._matrix = matrix
        self._splitting = bench.splitting
        self._sandbox = bench.splitting.sandbox
        self._gate = gate
        self._rng = rng

    def doubt(self, overlay: Overlay, candidate: Candidate) -> str:
        """Why a second run of everything does not confirm the candidate; "" when it does."""
        matrix, key = self._matrix, candidate.id
        known = {probe: matrix.outputs[key, probe] for probe in matrix.probes if (key, probe) in matrix.outputs}
        known = {probe: output for probe, output in known.items() if output.kind in _REPEATABLE}
        passed = [t for t in (*matrix.trusted, *matrix.tests.values()) if matrix.verdict(key, t.id) is Verdict.PASS]
        self._rng.shuffle(passed)
        pairs = self._sandbox.run_tests(overlay, passed, isolated=True) if passed else {}
        inputs = [matrix.probes[probe] for probe in known]
        outputs = self._sandbox.probe(overlay, matrix.stub.module, inputs) if inputs else {}
        gate = matrix.gates[key] = self._gate(overlay)
        doubt = self._splitting.doubt(overlay, passed)
        verdicts = {pair.verdict for pair in pairs.values()}
        if gate.infra or Verdict.INFRA in verdicts or any(o.kind is OutputKind.INFRA for o in outputs.values()):
            return "the sandbox could not run it once more"
        if not gate.passed or verdicts - {Verdict.PASS}:
            return "its verdicts change from run to run"
        if doubt:
            return doubt
        if any((outputs[p].kind, outputs[p].text) != (known[p].kind, known[p].text) for p in known):
            return "its results change from run to run"
        return "" if passed or known or gate.spoke else "nothing could be run on it"
