"""How much time a job has used, held against what it may use; PID 1 does all timing.

What the line between the halves of a split run costs is no half's own: the time it waits for the other one is not
counted, and with each message comes the CPU time to read and write it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import accounting

if TYPE_CHECKING:
    from .split_link import Link

__all__ = ["PATIENCE", "Budget", "Meter"]

PATIENCE = 2  # how much longer a job may take in wall time when it waits for a CPU rather than sleeps
_HURRY = 6  # the share of its wall time that a unit has left once an open stub was called


@dataclass(frozen=True)
class Budget:
    """What a job may use: CPU and wall seconds before its first unit and a unit, and message bytes in all."""

    lead_cpu: float
    unit_cpu: float
    lead_wall: float
    unit_wall: float
    total_wall: float
    output: int
    kept: int  # message bytes that go on to the host, in the form in which they do
    messages: int = 0  # to the other half of a split run


class Meter:
    """Measures one job from now on."""

    def __init__(self, budget: Budget, link: Link | None) -> None:
        self._budget, self._link = budget, link
        self._begun = self._unit_begun = self._wall()
        self._unit_cpu = accounting.ended_cpu_seconds()
        self._unit_waits = accounting.waits()
        self._lead = True
        self._fresh = False  # a unit was begun since the last look
        self._patience = 1
        self._told: float | None = None  # when an open stub was called in this unit

    def turn(self) -> None:
        """A unit begins or ends."""
        self._lead = False
        self._unit_begun = self._wall()
        self._fresh = True
        self._patience = 1
        self._told = None

    def hurry(self) -> None:
        """An open stub was called: that is all there is to know of the unit, and it may wait for a result for ever."""
        self._told = self._told or self._wall()

    def look(self) -> tuple[str, bool]:
        """The limit that was run into, "" for none, and whether that is for want of a CPU.

        What a unit used before the first look at it is not counted.
        """
        wall, cpu = self._wall(), self._cpu()
        if self._fresh:
            self._fresh, self._unit_cpu, self._unit_waits = False, cpu, accounting.waits()
        limit = self._limit(wall, cpu)
        return limit, limit in ("wall", "total") and self._starved(wall - self._unit_begun)

    def _limit(self, wall: float, cpu: float) -> str:
        budget, lead, waited = self._budget, self._lead, wall - self._unit_begun
        if wall - self._begun > budget.total_wall:
            return "total"
        if self._link is not None and self._link.overdue:
            return "wall"
        if self._link is not None and self._link.sent > budget.messages:
            return "messages"
        if cpu - self._unit_cpu > (budget.lead_cpu if lead else budget.unit_cpu):
            return "cpu"
        allowed = budget.lead_wall if lead else budget.unit_wall
        if self._told is not None and not lead:
            allowed = min(allowed, self._told - self._unit_begun + budget.unit_wall / _HURRY)
        if waited > allowed * self._patience:
            if self._patience != 1 or not self._starved(waited):
                return "wall"
            self._patience = PATIENCE
        return ""

    def _starved(self, wall: float) -> bool:
        return accounting.starved(wall, self._unit_waits)

    def _wall(self) -> float:
        now = time.monotonic()
        return now if self._link is None else now - self._link.waited(now)

    def _cpu(self) -> float:
        return accounting.cpu_seconds() - (0.0 if self._link is None else self._link.cpu)
