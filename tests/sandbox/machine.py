"""Slots that have no container, for tests of what shares slots out."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from pytest_supercharger.sandbox.slot import Slot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["FakeSlot", "Machine", "echo"]

Answer = tuple[dict[str, Any], dict[str, Any]]


class FakeSlot(Slot):
    """Answers as `work` says."""

    def __init__(self, number: int, work: Callable[[FakeSlot, Mapping[str, Any]], dict[str, Any]]) -> None:
        self.number = number
        self.jobs = 0
        self.hello = {}
        self.pings = 0
        self.last_used = time.monotonic()
        self.destroyed = threading.Event()
        self._work = work

    def exchange(self, job: Mapping[str, Any], seconds: float) -> Answer:
        self.jobs += 1
        return dict(job), self._work(self, job)

    def ping(self, seconds: float = 10.0) -> None:
        self.pings += 1

    def destroy(self) -> None:
        self.destroyed.set()


class Machine:
    """Makes fake slots and remembers them."""

    def __init__(self, work: Callable[[FakeSlot, Mapping[str, Any]], dict[str, Any]]) -> None:
        self.slots: list[FakeSlot] = []
        self.work = work

    def start(self, number: int) -> Slot:
        self.slots.append(FakeSlot(number, self.work))
        return self.slots[-1]

    def alive(self) -> list[FakeSlot]:
        return [slot for slot in self.slots if not slot.destroyed.is_set()]


def echo(slot: FakeSlot, job: Mapping[str, Any]) -> dict[str, Any]:
    return {"number": slot.number}
