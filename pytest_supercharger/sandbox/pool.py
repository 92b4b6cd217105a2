"""The slots of a sandbox: started when needed, one job each at a time, replaced when they break, kept awake."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox.anomalies import anomaly
from pytest_supercharger.sandbox.slot import Slot, SlotBroken

__all__ = ["Closed", "SlotPool"]

_JOBS_PER_SLOT = 500
_JOBS_PER_CHECK = 100
_PING_AFTER_SECONDS = 8.0  # PID 1 ends after 30 s without a word
_ATTEMPTS = 2

Job = Mapping[str, Any]


class Closed(Exception):
    """The pool was closed while a job waited or ran."""


class SlotPool:
    """At most `size` slots; `start` makes the slot with a given number, `check` says what is wrong with one."""

    def __init__(
        self,
        size: int,
        start: Callable[[int], Slot],
        *,
        check: Callable[[Slot], str] = lambda slot: "",
        jobs_per_slot: int = _JOBS_PER_SLOT,
        jobs_per_check: int = _JOBS_PER_CHECK,
    ) -> None:
        self.size = size
        self._start = start
        self._check = check
        self._jobs_per_slot = jobs_per_slot
        self._jobs_per_check = jobs_per_check
        self._due: dict[Slot, int] = {}  # slot -> the number of its jobs at which it is checked again
        self._changed = threading.Condition()
        self._numbers = list(range(size))  # of slots that are not running
        self._idle: list[tuple[int, Slot]] = []
        self._busy: dict[int, Slot | None] = {}
        self._closed = False
        self._keeper: threading.Thread | None = None

    @property
    def idle(self) -> int:
        """How many slots have nothing to do, those that were not started yet included."""
        return self.size - len(self._busy)

    def call(self, job: Job, seconds: float) -> tuple[dict[str, Any], dict[str, Any]]:
        """Run `job` on a free slot, once more on a fresh one when the slot breaks; SlotBroken after that."""
        for attempt in range(_ATTEMPTS):
            number, slot = self._acquire(fresh=attempt > 0)
            try:
                if slot.jobs >= self._due[slot]:
                    self._examine(slot)
                answer = slot.exchange(job, seconds)
                # A place in which something odd happened gets no other job, nor a second try of this one.
                spent = slot.jobs >= self._jobs_per_slot or bool(anomaly(answer[1], slot.hello))
            except SlotBroken:
                self._discard(number, slot)
                if attempt == _ATTEMPTS - 1:
                    raise
                continue
            except BaseException:
                self._discard(number, slot)
                raise
            if spent:
                self._discard(number, slot)
            else:
                self._release(number, slot)
            return answer
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Remove every container, also under threads that wait for one."""
        with self._changed:
            self._closed = True
            slots = [slot for _, slot in self._idle] + [slot for slot in self._busy.values() if slot is not None]
            self._idle.clear()
            self._changed.notify_all()
        problems = [problem for slot in slots if (problem := _destroy(slot)) is not None]
        with self._changed:
            # A slot that was being started when we closed is removed by the thread that starts it.
            self._changed.wait_for(lambda: not self._busy, timeout=150)
            self._due.clear()  # a slot that somebody knows keeps its socket
        if self._keeper is not None:
            self._keeper.join(timeout=60)
        if problems:
            raise SandboxError(f"a sandbox container could not be removed: {problems[0]}")

    def _acquire(self, *, fresh: bool) -> tuple[int, Slot]:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._idle or self._numbers)
            if self._closed:
                raise Closed
            if self._idle and not (fresh and self._numbers):
                number, slot = self._idle.pop()
                self._busy[number] = slot
                return number, slot
            number = self._numbers.pop(0)
            self._busy[number] = None
        return number, self._started(number)

    def _started(self, number: int) -> Slot:
        for attempt in range(_ATTEMPTS):
            try:
                slot = self._checked(number)
                break
            except SlotBroken as error:
                if attempt == _ATTEMPTS - 1:
                    self._free(number)
                    raise SandboxError(f"a sandbox container does not come up: {error}") from None
            except BaseException:
                self._free(number)
                raise
        with self._changed:
            closed = self._closed
            self._busy[number] = slot
            self._keep_awake()
        if closed:
            self._discard(number, slot)
            raise Closed
        return slot

    def _checked(self, number: int) -> Slot:
        slot = self._start(number)
        try:
            self._examine(slot)
        except BaseException:
            _destroy(slot)
            raise
        return slot

    def _examine(self, slot: Slot) -> None:
        if problem := self._check(slot):
            raise SlotBroken(problem)
        self._due[slot] = slot.jobs + self._jobs_per_check

    def _keep_awake(self) -> None:
        if self._keeper is None and not self._closed:
            self._keeper = threading.Thread(target=self._ping_idle, name="supercharger-keeper", daemon=True)
            self._keeper.start()

    def _release(self, number: int, slot: Slot) -> None:
        with self._changed:
            if not self._closed:
                del self._busy[number]
                self._idle.append((number, slot))
                self._changed.notify_all()  # a single word might be heard by the keeper only
                return
        self._discard(number, slot)

    def _discard(self, number: int, slot: Slot) -> None:
        self._due.pop(slot, None)
        try:
            _destroy(slot)
        finally:
            self._free(number)

    def _free(self, number: int) -> None:
        with self._changed:
            self._busy.pop(number, None)
            self._numbers.append(number)
            self._changed.notify_all()

    def _ping_idle(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed, timeout=1.0)
                if self._closed:
                    return
                now = time.monotonic()
                quiet = [pair for pair in self._idle if now - pair[1].last_used > _PING_AFTER_SECONDS]
                self._idle = [pair for pair in self._idle if pair not in quiet]
                self._busy.update(quiet)
            for number, slot in quiet:
                try:
                    slot.ping()
                except SlotBroken:
                    self._discard(number, slot)
                else:
                    self._release(number, slot)


def _destroy(slot: Slot) -> Exception | None:
    # Whatever the engine says, the container has lost its input and ends by itself.
    try:
        slot.destroy()
    except Exception as error:  # the SDK raises its own, requests' and urllib3's; the caller tells it
        return error
    return None
