"""Puts the candidates of one stub through the project tests, again where those may say more or are to blame."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from pytest_supercharger import flaky
from pytest_supercharger.bench import Bench
from pytest_supercharger.ledger import Filling
from pytest_supercharger.matrix import Matrix
from pytest_supercharger.projecttests import GateVerdict
from pytest_supercharger.sandbox.base import Overlay

__all__ = ["Gating"]


class Gating:
    """The project tests as far as they reach one stub."""

    def __init__(
        self,
        matrix: Matrix,
        bench: Bench,
        *,
        beside: Callable[[], Sequence[Filling]],
        again: flaky.Run,
        in_time: Callable[[], bool],
    ) -> None:
        """`beside` are bodies of other open stubs, `again` runs a candidate on inputs once more.

        `in_time` says whether another round may begin.
        """
        self._matrix = matrix
        self._tests, self._ledger = bench.tests, bench.ledger
        self._beside = beside
        self._in_time = in_time
        self._blame = flaky.Blame(matrix, again)

    def run(self, overlay: Overlay, key: str) -> str:
        """Put a candidate through them, again once a stub that stopped some of them is filled.

        Returns why they gave no answer, "" where they did.
        """
        known = self._matrix.gates.get(key)
        if (known is not None and not self._is_outdated(known)) or not self._in_time():
            return ""
        gate = self._matrix.gates[key] = self.ask(overlay)
        return gate.infra if not gate.failures else ""

    def ask(self, overlay: Overlay) -> GateVerdict:
        """What they say of an overlay, asked twice where they say nothing.

        A test speaks for a body only if it gets to it beside the bodies that stand there now: it may be known as one
        that reaches the stub from a body of another stub that was thrown away. A module that calls the stub while it is
        imported speaks once, however many tests are in it: they need not have anything to do with the stub.
        """
        gate = self._tests.gate(overlay, [self._matrix.stub.id])
        if gate.infra and not gate.failures and self._in_time():
            gate = self._tests.gate(overlay, [self._matrix.stub.id])
        return self._heard(gate) if gate.spoke else gate

    def excuse(self) -> tuple[tuple[str, ...], Collection[str]]:
        """Let those gate no more that are to blame for what they say.

        Returns lines for the user, and who is to be run again as they alone had failed it. To blame is a test that
        fails and passes with one body, and with one that does otherwise as well: two that agree may share what makes
        them unsteady.
        """
        lines = self._tests.excuse(self._blame.nodes(self._tests.flaky))
        return lines, flaky.ask_again(self._matrix, self._tests.flaky)

    def _heard(self, gate: GateVerdict) -> GateVerdict:
        stub = self._matrix.stub.id
        others = self._ledger.overlay(self._beside(), without={stub})
        found = self._tests.through(others, stub, gate.spoke | gate.asked)
        spoke = gate.spoke & found.keys()
        return replace(gate, spoke=spoke, callers=frozenset(found[node] for node in spoke))

    def _is_outdated(self, known: GateVerdict) -> bool:
        """Whether project tests could say more by now: a stub that stopped them is filled, or the first are known."""
        if any(map(self._ledger.is_accepted, known.blocked)):
            return True
        return not known.spoke and not known.asked.issuperset(self._tests.reaching([self._matrix.stub.id]))
