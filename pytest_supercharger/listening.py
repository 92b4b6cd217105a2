"""Project tests that come to a stub only through other open stubs: what to wait for so that they can speak."""

from __future__ import annotations

from collections.abc import Callable

from pytest_supercharger.aside import Aside
from pytest_supercharger.bench import Bench
from pytest_supercharger.ledger import Waited
from pytest_supercharger.matrix import Matrix

__all__ = ["Listening"]


class Listening:
    """For one stub, before its search ends without a body: whether project tests would have more to say of it."""

    def __init__(self, matrix: Matrix, aside: Aside, bench: Bench, wait: Callable[[str], Waited]) -> None:
        """`wait` waits for another stub and says what came of it."""
        self._matrix = matrix
        self._aside = aside
        self._tests, self._ledger = bench.tests, bench.ledger
        self._wait = wait
        self._known: frozenset[str] = frozenset()  # node ids of tests that reach the stub, as of the last time
        self._heard: set[str] = set()  # stubs that stopped some of its tests and were filled since

    def hears_more(self) -> bool:
        """Wait for the stubs that project tests stop at; whether tests have come to light that reach this one.

        Where no test has spoken yet, that is any stub, else one behind which tests of this stub are known to go on.
        Those go on once it is filled, whether or not others come to light.
        Where such a stub needs this one, they can only be chosen together: the candidates are set aside.
        """
        with self._ledger.listening(self._matrix.stub.id):
            return self._listen()

    def _listen(self) -> bool:
        spoke = bool(self._matrix.gate_tests())
        if not spoke and self._has_grown():
            return True
        circle = set()
        for other in sorted((self._blocking() if spoke else self._tests.stopping()) - {self._matrix.stub.id}):
            answer = self._wait(other)
            if (other in self._blocking() and self._goes_on(other, answer)) or (not spoke and self._has_grown()):
                return True
            if answer is Waited.CIRCLE and self._stands_before(other):
                circle.add(other)
        if circle:
            for candidate in self._matrix.candidates.values():
                self._aside.add(candidate, circle)
        return False

    def _blocking(self) -> frozenset[str]:
        """The stubs that stopped project tests of candidates that may still be written."""
        gates = (gate for key, gate in self._matrix.gates.items() if key not in self._matrix.refused)
        return frozenset().union(*(gate.blocked for gate in gates)) - self._heard

    def _stands_before(self, other: str) -> bool:
        """Whether tests get to this stub behind one that waits for it: they stop there, or its candidates call this."""
        return other in self._blocking() or self._ledger.needs(other, self._matrix.stub.id)

    def _goes_on(self, other: str, answer: Waited) -> bool:
        if answer is Waited.FILLED:
            self._heard.add(other)
        return answer is Waited.FILLED

    def _has_grown(self) -> bool:
        before, self._known = self._known, frozenset(self._tests.reaching([self._matrix.stub.id]))
        return not before.issuperset(self._known)
