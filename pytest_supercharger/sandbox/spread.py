"""Jobs over several engines: whoever is free takes the next one, and an engine that is gone is done without."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox.pool import SlotPool
from pytest_supercharger.sandbox.slot import SlotBroken

__all__ = ["Member", "Spread"]

_HALVES = 2  # of a split run: containers that work at the same time, and so places
_CREDIT = 10.0  # seconds of a place that jobs of one kind may have ahead of the other, when there were none for long


@dataclass(slots=True, kw_only=True, eq=False)
class Member:
    """One engine: places for containers that work, and the containers of both kinds, most of which rest."""

    address: str
    size: int  # places
    slots: SlotPool
    pairs: SlotPool  # of two containers each
    answers: Callable[[], bool]  # whether the engine is still there
    catch_up: Callable[[], None] = lambda: (
        None
    )  # brings what it may have missed; before each job, so it has to be quick
    busy: int = 0
    lost: bool = False

    @property
    def free(self) -> int:
        """How many more containers may work here now."""
        return 0 if self.lost else self.size - self.busy


class Spread:
    """The slots of all engines; used like the pool of one.

    Of the two kinds of job, that of one container and that of two, the kind that had less of the places is served
    first; within a kind, who asked first. Whose turn it is is passed by nobody, so two places get free for a split run.
    """

    def __init__(
        self,
        members: Sequence[Member],
        report: Callable[[str], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`report` takes a line when an engine is lost."""
        self._members = members
        self._report = report
        self._changed = threading.Condition()
        self._clock = clock
        self._waiting: dict[bool, deque[object]] = {False: deque(), True: deque()}  # of split runs: True
        self._spent = {False: 0.0, True: 0.0}  # seconds of a place
        self.size = sum(member.size for member in members)
        self.pairs = sum(member.pairs.size for member in members)

    @property
    def idle(self) -> int:
        """How many places have nothing to do."""
        return sum(member.free for member in self._members)

    def call(
        self, job: Mapping[str, Any], seconds: float, *, split: bool = False
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Run `job` where a slot is free, `split` on two containers, and elsewhere when that engine is gone.

        Raises:
            SlotBroken: two slots of an engine that answers broke at it.
            SandboxError: no slot comes up, or no engine answers any more.
        """
        while True:
            places = self._take(split=split)
            member, begun = places[0], self._clock()
            try:
                member.catch_up()
                return (member.pairs if split else member.slots).call(job, seconds)
            except (SlotBroken, SandboxError) as error:
                if member.answers():
                    raise
                self._lose(member, error)
            finally:
                self._give(places, split=split, seconds=self._clock() - begun)

    def close(self) -> None:
        """Remove every container of every engine; of one that is gone nothing can be removed."""
        with contextlib.ExitStack() as stack:
            for member in self._members:
                for pool in (member.slots, member.pairs):
                    stack.callback(self._close, member, pool)

    def _close(self, member: Member, pool: SlotPool) -> None:
        with contextlib.suppress(*([SandboxError] if member.lost else [])):
            pool.close()

    def _take(self, *, split: bool) -> list[Member]:
        """The places of a job, that of the engine it goes to first."""
        while True:
            places = self._wait(split=split)
            if places:
                return places
            if not self._is_one_back():
                raise SandboxError("no Docker engine answers any more; start one and run again")

    def _wait(self, *, split: bool) -> list[Member]:
        """Places, when it is this one's turn and they are free; none when all engines are lost."""
        turn = object()
        with self._changed:
            self._waiting[split].append(turn)
            self._spent[split] = max(self._spent[split], self._spent[not split] - _CREDIT)
            try:
                self._changed.wait_for(lambda: self._all_lost() or (self._next() is turn and self._places(split=split)))
                places = self._places(split=split)
                for member in places:
                    member.busy += 1
                return places
            finally:
                self._waiting[split].remove(turn)
                self._changed.notify_all()

    def _next(self) -> object:
        """Whose turn it is, of those who wait."""
        kinds = [kind for kind in self._waiting if self._waiting[kind]]
        return self._waiting[min(kinds, key=self._spent.__getitem__)][0]

    def _places(self, *, split: bool) -> list[Member]:
        """The places that a job can have now, none when it has to wait."""
        there = [member for member in self._members if not member.lost]
        best = max(self._members, key=lambda member: member.free)
        if not split or best.size > 1:
            wanted = _HALVES if split else 1
            return [best] * wanted if best.free >= wanted else []
        if any(member.size > 1 for member in there):
            return []
        # Engines of one place each: both containers are on one of them, and one place elsewhere stays empty for that.
        free = [member for member in there if member.free]
        wanted = min(_HALVES, len(there))
        return free[:wanted] if len(free) >= wanted else []

    def _give(self, places: Sequence[Member], *, split: bool, seconds: float) -> None:
        with self._changed:
            self._spent[split] += seconds * len(places)
            for member in places:
                member.busy -= 1
            self._changed.notify_all()

    def _lose(self, member: Member, error: Exception) -> None:
        with self._changed:
            known, member.lost = member.lost, True
            left = sum(other.size for other in self._members if not other.lost)
            self._changed.notify_all()
        if not known:
            self._report(f"sandbox: the engine at {member.address} is gone ({error}); {left} slots are left elsewhere")

    def _is_one_back(self) -> bool:
        """Take engines that answer again back; whether there is one. Asks them without holding anybody up."""
        back = [member for member in self._members if member.answers()]
        with self._changed:
            for member in back:
                member.lost = False
            self._changed.notify_all()
        return bool(back)

    def _all_lost(self) -> bool:
        return all(member.lost for member in self._members)
