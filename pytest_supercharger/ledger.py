"""What the threads of a run share: the bodies accepted so far, and who waits for whom."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from pytest_supercharger.domain import Candidate, Decision, Outcome, SourceFile, Stub
from pytest_supercharger.errors import SourceError
from pytest_supercharger.writeback import edits

__all__ = ["Filling", "Ledger"]

Filling = tuple[Stub, Candidate]


class Ledger:
    """The state of all stubs of a run; thread-safe."""

    def __init__(self, sources: Mapping[str, SourceFile], stubs: Sequence[Stub]) -> None:
        """`sources` maps a path relative to the project root to the file as it was read."""
        self._sources = sources
        self._stubs = {stub.id: stub for stub in stubs}
        self._accepted: dict[str, Filling] = {}
        self._withdrawn: set[str] = set()
        self._open = set(self._stubs)
        self._waiting: dict[str, str] = {}
        self._changed = threading.Condition(threading.RLock())

    def settle(self, outcome: Outcome) -> Outcome:
        """Record a decision and wake those who wait for it.

        Returns the outcome, turned into an abstention where its body cannot stand beside those accepted before.
        """
        with self._changed:
            if outcome.decision is Decision.ACCEPTED and outcome.candidate is not None:
                try:
                    self.overlay([(outcome.stub, outcome.candidate)])
                    self._accepted[outcome.stub.id] = (outcome.stub, outcome.candidate)
                except SourceError as error:
                    reason = f"cannot be written beside the other accepted functions: {error}"
                    outcome = replace(outcome, decision=Decision.ABSTAINED, reason=reason, candidate=None)
            self._open.discard(outcome.stub.id)
            self._changed.notify_all()
        return outcome

    def stop(self) -> None:
        """Wake everybody who waits: nothing more will be decided."""
        with self._changed:
            self._open.clear()
            self._changed.notify_all()

    def withdraw(self, stub_id: str) -> None:
        """Take an acceptance back."""
        with self._changed:
            if self._accepted.pop(stub_id, None) is not None:
                self._withdrawn.add(stub_id)

    def withdrawn(self) -> frozenset[str]:
        """Ids of the stubs whose acceptance was taken back: others may have been accepted on the strength of it."""
        with self._changed:
            return frozenset(self._withdrawn)

    def accepted(self) -> dict[str, Filling]:
        """The accepted bodies by stub id."""
        with self._changed:
            return dict(self._accepted)

    def is_accepted(self, stub_id: str) -> bool:
        """Whether a body was accepted for this stub."""
        with self._changed:
            return stub_id in self._accepted

    def wait_for(self, waiter: str, target: str, seconds: float) -> bool:
        """Wait until `target` is decided; False at once where waiting would close a circle, or after `seconds`."""
        with self._changed:
            if target not in self._open or waiter == target:
                return target != waiter
            if self._would_deadlock(waiter, target):
                return False
            self._waiting[waiter] = target
            try:
                return self._changed.wait_for(lambda: target not in self._open, timeout=max(0.0, seconds))
            finally:
                del self._waiting[waiter]

    def overlay(self, extra: Sequence[Filling] = (), *, without: Collection[str] = ()) -> dict[str, bytes]:
        """The files of the project as they are with all accepted bodies and the extra ones filled in.

        Raises:
            SourceError: a body cannot be put into its file.
        """
        fillings = {key: value for key, value in self.accepted().items() if key not in without}
        fillings |= {stub.id: (stub, candidate) for stub, candidate in extra}
        by_file: dict[str, list[Filling]] = {}
        for stub, candidate in fillings.values():
            by_file.setdefault(stub.relpath, []).append((stub, candidate))
        return {relpath: edits.fill(self._sources[relpath].data, todo) for relpath, todo in by_file.items()}

    def _would_deadlock(self, waiter: str, target: str) -> bool:
        seen = target
        while seen in self._waiting:
            seen = self._waiting[seen]
            if seen == waiter:
                return True
        return False
