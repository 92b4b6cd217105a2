"""What the threads of a run share: the bodies accepted so far, who waits for whom, and who needs each other."""

from __future__ import annotations

import contextlib
import enum
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from pytest_supercharger import circles, source
from pytest_supercharger.domain import Candidate, Decision, Outcome, SourceFile, Stub
from pytest_supercharger.errors import SourceError
from pytest_supercharger.writeback import apart, edits
from pytest_supercharger.writeback.import_style import ImportStyle
from pytest_supercharger.writeback.unfill import Again

__all__ = ["Filling", "Ledger", "Waited"]

Filling = tuple[Stub, Candidate]


class Waited(enum.Enum):
    """What waiting for another stub came to."""

    FILLED = enum.auto()
    NOT_FILLED = enum.auto()  # it was left open, or nothing was decided in time
    CIRCLE = enum.auto()  # it waits for the one that would wait for it


class Ledger:
    """The state of all stubs of a run; thread-safe."""

    def __init__(
        self,
        sources: Mapping[str, SourceFile],
        stubs: Sequence[Stub],
        *,
        again: Mapping[str, Again] | None = None,
        style: ImportStyle | None = None,
    ) -> None:
        """`sources` and `again` map a path relative to the project root to the file as it was read.

        The functions of `again` have their old body from when they are decided, unless a new one is accepted. Imports
        are brought in as `style` says.
        """
        self._sources = sources
        self._again = again or {}
        self._old = {key: filling for file in self._again.values() for key, filling in file.old.items()}
        self._style = style
        self._stubs = {stub.id: stub for stub in stubs}
        self._accepted: dict[str, Filling] = {}
        self._withdrawn: set[str] = set()
        self._open = set(self._stubs)
        self._waiting: dict[str, str] = {}
        self._listening: set[str] = set()  # of these: no candidate calls what they wait for
        self._needs: dict[str, frozenset[str]] = {}  # of those that sit
        self._led: set[str] = set()  # of these: somebody chooses for them at this moment
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
        """Whether a body was accepted for this stub, or it goes on with its old one."""
        with self._changed:
            return stub_id in self._accepted or stub_id in self._kept()

    def wait_for(self, waiter: str, target: str, seconds: float) -> Waited:
        """Wait until `target` is decided, for `seconds` at most; CIRCLE where it needs `waiter` itself.

        The one that would close a circle hears so at once and goes on; the others when that one sits.
        """
        with self._changed:
            if target not in self._open or waiter == target:
                return self._filled(target)
            if circles.reaches(self._edges(), target, waiter):
                return Waited.CIRCLE
            self._waiting[waiter] = target
            try:
                self._changed.wait_for(
                    lambda: target not in self._open or self._sits_in_the_way(waiter, target), max(0.0, seconds)
                )
                return Waited.CIRCLE if self._sits_in_the_way(waiter, target) else self._filled(target)
            finally:
                del self._waiting[waiter]

    @contextlib.contextmanager
    def listening(self, stub_id: str) -> Iterator[None]:
        """While this one waits for others only because project tests may get to it behind them."""
        with self._changed:
            self._listening.add(stub_id)
        try:
            yield
        finally:
            with self._changed:
                self._listening.discard(stub_id)

    def needs(self, stub_id: str, other: str) -> bool:
        """Whether one has, by what is known now, candidates that cannot be judged without the other."""
        with self._changed:
            calls = {
                key: edge for key, edge in self._edges().items() if key in self._needs or key not in self._listening
            }
            return circles.reaches(calls, stub_id, other)

    def sit(self, stub_id: str, needs: frozenset[str], seconds: float) -> frozenset[str]:
        """Wait with nothing left but candidates that need `needs`, which need this one.

        Returns once all of a circle sit, its stubs to the last of them: that one chooses for all, then calls `rise`.
        To the others it returns nothing, after that, or once a needed stub is decided, or after `seconds`.
        """
        with self._changed:
            self._needs[stub_id] = needs
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._is_up(stub_id), max(0.0, seconds))
            self._changed.wait_for(lambda: stub_id not in self._led)  # who chooses always ends
            circle = circles.closed(self._needs, stub_id) if stub_id in self._needs else frozenset()
            if circle:
                self._led |= circle
            else:
                self._needs.pop(stub_id, None)
            return circle

    def rise(self, circle: Collection[str]) -> None:
        """Something was chosen, or not, for all that sit in this circle."""
        with self._changed:
            self._led -= set(circle)
            for stub_id in circle:
                self._needs.pop(stub_id, None)
            self._changed.notify_all()

    def are_open(self, stubs: Collection[str]) -> bool:
        """Whether all of these are undecided."""
        with self._changed:
            return self._open.issuperset(stubs)

    def overlay(self, extra: Sequence[Filling] = (), *, without: Collection[str] = ()) -> dict[str, bytes]:
        """The files of the project as they are with all accepted bodies and the extra ones filled in.

        Raises:
            SourceError: a body cannot be put into its file.
        """
        new = self.accepted() | {stub.id: (stub, candidate) for stub, candidate in extra}
        with self._changed:
            fillings = {key: value for key, value in (self._kept() | new).items() if key not in without}
        by_file: dict[str, list[Filling]] = {}
        for stub, candidate in fillings.values():
            by_file.setdefault(stub.relpath, []).append((stub, candidate))
        return {relpath: self._file(relpath, todo, new) for relpath, todo in by_file.items()}

    def before(self, relpath: str) -> bytes:
        """What a file is written from: as it was read, without the bodies that others were accepted for."""
        if relpath in self._again:
            return self._again[relpath].emptied(self.accepted())
        return self._sources[relpath].data

    def as_written(self, relpath: str) -> list[Filling]:
        """The accepted bodies of a file as they stand beside each other: with names that do not clash."""
        return self._apart(relpath, [filling for filling in self.accepted().values() if filling[0].relpath == relpath])

    def _apart(self, relpath: str, fillings: Sequence[Filling]) -> list[Filling]:
        data = self._sources[relpath].data
        return apart.kept_apart(source.decode(data, name=relpath).text, fillings)

    def _file(self, relpath: str, fillings: Sequence[Filling], new: Collection[str]) -> bytes:
        again = self._again.get(relpath)
        if again is None or again.old.keys() - {stub.id for stub, _ in fillings}:
            return edits.fill(self._sources[relpath].data, self._apart(relpath, fillings), self._style)
        # Nobody's body is open: this is how the file is written, so this is what has to be run.
        chosen = [filling for filling in fillings if filling[0].id in new]
        return again.rewritten(self._apart(relpath, chosen), self._style)

    def _kept(self) -> dict[str, Filling]:
        """The old bodies of functions that were to be filled anew and got no other."""
        return {key: old for key, old in self._old.items() if key not in self._open and key not in self._accepted}

    def _filled(self, stub_id: str) -> Waited:
        return Waited.FILLED if self.is_accepted(stub_id) else Waited.NOT_FILLED

    def _edges(self) -> dict[str, Collection[str]]:
        return {**{waiter: (target,) for waiter, target in self._waiting.items()}, **self._needs}

    def _is_up(self, stub_id: str) -> bool:
        """Whether one that sits has been chosen for, or is to be, or has something else to do."""
        if stub_id not in self._needs or stub_id in self._led:
            return True
        return not self._needs[stub_id] <= self._open or bool(circles.closed(self._needs, stub_id))

    def _sits_in_the_way(self, waiter: str, target: str) -> bool:
        return target in self._open and target in self._needs and circles.reaches(self._edges(), target, waiter)
