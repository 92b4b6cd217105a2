"""Runs everything a candidate passed and gave once more, before it is accepted."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from pytest_supercharger import probes
from pytest_supercharger.bench import Bench
from pytest_supercharger.domain import LIMITS, Candidate, GeneratedTest, Output, OutputKind, PairResult, Verdict
from pytest_supercharger.flaky import do_otherwise
from pytest_supercharger.ledger import Filling
from pytest_supercharger.matrix import Matrix
from pytest_supercharger.projecttests import GateVerdict
from pytest_supercharger.sandbox.base import Overlay

__all__ = ["Confirming"]

_AGAIN = 2  # more runs of a test whose verdict changed
_MOST_CHANGED = 3  # tests whose verdict changed: more of them are no accident
_OTHERS = 2  # candidates that such a test is tried on
_REPEATABLE = frozenset({OutputKind.VALUE, OutputKind.EXCEPTION})


class Confirming:
    """The second run of one stub's candidates; `gate` puts one through the project tests."""

    def __init__(
        self,
        matrix: Matrix,
        *,
        bench: Bench,
        gate: Callable[[Overlay], GateVerdict],
        beside: Callable[[], Sequence[Filling]],
        rng: random.Random,
    ) -> None:
        """`beside` are bodies of other open stubs; nothing is run yet."""
        self._matrix = matrix
        self._ledger = bench.ledger
        self._splitting = bench.splitting
        self._sandbox = bench.splitting.sandbox
        self._gate = gate
        self._beside = beside
        self._rng = rng

    def doubt(self, overlay: Overlay, candidate: Candidate) -> str:
        """Why a second run of everything does not confirm the candidate; "" when it does.

        A generated test that is itself to blame for another verdict loses its vote, and is not asked again.
        """
        matrix, key = self._matrix, candidate.id
        known = {probe: matrix.outputs[key, probe] for probe in matrix.probes if (key, probe) in matrix.outputs}
        known = {probe: output for probe, output in known.items() if output.kind in _REPEATABLE}
        tests = [test for test in (*matrix.trusted, *matrix.tests.values()) if test.id not in matrix.kills.unsteady]
        passed = [test for test in tests if matrix.verdict(key, test.id) is Verdict.PASS]
        self._rng.shuffle(passed)
        pairs = self._sandbox.run_tests(overlay, passed, isolated=True) if passed else {}
        twins = {probe: twin for probe in known if (twin := probes.one_pass(matrix.probes[probe], matrix.stub))}
        inputs = [*(matrix.probes[probe] for probe in known), *twins.values()]
        outputs = self._sandbox.probe(overlay, matrix.stub.module, inputs) if inputs else {}
        gate = matrix.gates[key] = self._gate(overlay)
        verdicts = {pair.verdict for pair in pairs.values()}
        if gate.infra or Verdict.INFRA in verdicts or any(o.kind is OutputKind.INFRA for o in outputs.values()):
            return "the sandbox could not run it once more"
        if not gate.passed:
            return f"its verdicts change from run to run: {min(gate.failures, default='a project test')}"
        if not verdicts.isdisjoint(LIMITS):
            return "its verdicts change from run to run"
        if any((outputs[p].kind, outputs[p].text) != (known[p].kind, known[p].text) for p in known):
            return "its results change from run to run"
        broken = [twin.expression for probe, twin in twins.items() if _becomes_another(known[probe], outputs[twin.id])]
        if broken:
            return f"reads its Iterable more than once, or asks for its length: {min(broken, key=len)} differs"
        changed = [test for test in passed if pairs[test.id].verdict is not Verdict.PASS]
        if len(changed) > _MOST_CHANGED or not all(self._is_to_blame(overlay, candidate, test) for test in changed):
            return "its verdicts change from run to run"
        matrix.kills.unsteady |= {test.id for test in changed}
        steady = [test for test in passed if test not in changed]
        doubt = self._splitting.doubt(overlay, steady)
        return doubt or ("" if steady or known or gate.spoke else "nothing could be run on it")

    def _is_to_blame(self, overlay: Overlay, candidate: Candidate, test: GeneratedTest) -> bool:
        """Whether a verdict that changed is the fault of the test: it changes elsewhere too.

        Where it never passes on its own, that is the verdict of the pair from now on.
        """
        if test.trusted:
            return False
        again = [self._alone(overlay, test) for _ in range(_AGAIN)]
        if not any(result.verdict is Verdict.PASS for result in again):
            self._matrix.pairs[candidate.id, test.id] = again[-1]
            return False
        return self._changes_elsewhere(candidate, test)

    def _changes_elsewhere(self, candidate: Candidate, test: GeneratedTest) -> bool:
        """Whether the verdict of the test changes for the empty stub too, or for a candidate that does otherwise.

        Two that agree on everything may share what makes them unsteady, so neither excuses the other.
        """
        matrix, ledger = self._matrix, self._ledger
        failed = matrix.kills.blank.get(test.id) is False
        if failed and self._alone(ledger.overlay(self._beside()), test).verdict is Verdict.PASS:
            return True
        others = (other for key, other in matrix.candidates.items() if key not in {candidate.id, *matrix.refused})
        passing = [
            o
            for o in others
            if matrix.verdict(o.id, test.id) is Verdict.PASS and do_otherwise(matrix, candidate.id, o.id)
        ]
        overlays = [ledger.overlay([*self._beside(), (matrix.stub, other)]) for other in passing[:_OTHERS]]
        return any(
            {self._alone(overlay, test).verdict for _ in range(_AGAIN)} == {Verdict.PASS, Verdict.FAIL}
            for overlay in overlays
        )

    def _alone(self, overlay: Overlay, test: GeneratedTest) -> PairResult:
        return self._sandbox.run_tests(overlay, [test], isolated=True)[test.id]


def _becomes_another(one: Output, other: Output) -> bool:
    """Whether a value came out, and something else the other time; what is not comparable says nothing."""
    same = (one.kind, one.text) == (other.kind, other.text)
    return one.kind is OutputKind.VALUE and other.kind in _REPEATABLE and not same
