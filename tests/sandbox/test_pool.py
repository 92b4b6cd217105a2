"""Slots are shared, replaced, recycled and all removed in the end; played with slots that have no container."""

from __future__ import annotations

import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from machine import FakeSlot, Machine, echo

from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox.pool import Closed, SlotPool
from pytest_supercharger.sandbox.slot import SlotBroken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_supercharger.sandbox.slot import Slot


def test_a_slot_is_used_again() -> None:
    machine = Machine(echo)
    pool = SlotPool(4, machine.start)
    for _ in range(5):
        pool.call({}, 1)
    assert len(machine.slots) == 1
    pool.close()


def test_a_closed_pool_knows_no_slot_any_more() -> None:
    """Which would keep its socket."""
    machine = Machine(echo)
    pool = SlotPool(1, machine.start)
    pool.call({}, 1)
    known = weakref.ref(machine.slots.pop())
    pool.close()
    gc.collect()
    assert known() is None


def test_a_call_that_waits_is_woken_by_the_slot_that_gets_free() -> None:
    """And not by the keeper's next round, whose first look it was that took the word before."""
    running, go_on = threading.Event(), threading.Event()

    def work(slot: FakeSlot, job: Mapping[str, Any]) -> dict[str, Any]:
        running.set()
        assert go_on.wait(60)
        return {}

    machine = Machine(work)
    pool = SlotPool(1, machine.start)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(pool.call, {}, 1)
        assert running.wait(60)
        second = threads.submit(pool.call, {}, 1)
        while len(pool._changed._waiters) < 2:  # the keeper and the second call
            pass
        go_on.set()
        first.result(60)
        second.result(60)
    assert machine.slots[0].pings == 0
    pool.close()


def test_no_more_slots_than_asked_for_run_at_once() -> None:
    together = threading.Barrier(2)

    def meet(slot: FakeSlot, job: Mapping[str, Any]) -> dict[str, Any]:
        together.wait(30)
        return {}

    machine = Machine(meet)
    pool = SlotPool(2, machine.start)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: pool.call({}, 1), range(8)))
    assert {slot.number for slot in machine.slots} == {0, 1}
    assert len(machine.slots) == 2
    pool.close()


def test_a_broken_slot_is_replaced_and_its_job_tried_again() -> None:
    def first_breaks(slot: FakeSlot, job: Mapping[str, Any]) -> dict[str, Any]:
        if slot is machine.slots[0]:
            raise SlotBroken("EOF")
        return {"number": slot.number}

    machine = Machine(first_breaks)
    pool = SlotPool(1, machine.start)
    pool.call({}, 1)
    assert len(machine.slots) == 2
    assert machine.slots[0].destroyed.is_set()
    pool.close()


def test_a_job_that_breaks_two_slots_is_given_up() -> None:
    def breaks(slot: FakeSlot, job: Mapping[str, Any]) -> dict[str, Any]:
        raise SlotBroken("EOF")

    machine = Machine(breaks)
    pool = SlotPool(2, machine.start)
    with pytest.raises(SlotBroken):
        pool.call({}, 1)
    assert len(machine.slots) == 2
    assert machine.alive() == []
    machine.work = echo
    assert pool.call({}, 1)[1] in ({"number": 0}, {"number": 1})
    pool.close()


def test_a_slot_is_recycled_after_its_jobs() -> None:
    machine = Machine(echo)
    pool = SlotPool(1, machine.start, jobs_per_slot=3)
    for _ in range(7):
        pool.call({}, 1)
    assert [slot.jobs for slot in machine.slots] == [3, 3, 1]
    pool.close()


def test_a_slot_that_could_not_be_cleaned_serves_no_second_job() -> None:
    machine = Machine(lambda slot, job: {"clean": False})
    pool = SlotPool(1, machine.start)
    pool.call({}, 1)
    pool.call({}, 1)
    assert [slot.jobs for slot in machine.slots] == [1, 1]
    pool.close()


def test_a_slot_in_which_something_odd_happened_serves_no_second_job() -> None:
    machine = Machine(lambda slot, job: {"runs": [{"limit": "cpu"}]})
    pool = SlotPool(1, machine.start)
    pool.call({}, 1)
    pool.call({}, 1)
    assert [slot.jobs for slot in machine.slots] == [1, 1]
    pool.close()


def test_a_slot_is_checked_before_its_first_job_and_regularly_after() -> None:
    checked: list[int] = []
    machine = Machine(echo)
    pool = SlotPool(1, machine.start, check=lambda slot: checked.append(slot.jobs) or "", jobs_per_check=3)
    for _ in range(7):
        pool.call({}, 1)
    assert checked == [0, 3, 6]
    pool.close()


def test_a_slot_that_fails_its_check_is_replaced_and_the_job_run_in_another() -> None:
    machine = Machine(echo)
    pool = SlotPool(
        1, machine.start, check=lambda slot: "wrong" if slot is machine.slots[0] and slot.jobs else "", jobs_per_check=2
    )
    for _ in range(4):
        pool.call({}, 1)
    assert [slot.jobs for slot in machine.slots] == [2, 2]
    assert machine.slots[0].destroyed.is_set()
    pool.close()


def test_a_slot_that_fails_its_first_check_never_comes_up() -> None:
    machine = Machine(echo)
    pool = SlotPool(1, machine.start, check=lambda slot: "a test that is wrong came to pass")
    with pytest.raises(SandboxError, match="does not come up: a test that is wrong came to pass"):
        pool.call({}, 1)
    assert machine.alive() == []
    pool.close()


def test_a_slot_that_never_comes_up_is_an_error_with_its_reason() -> None:
    def fails(number: int) -> Slot:
        raise SlotBroken("ImportError: pytest")

    pool = SlotPool(1, fails)
    for _ in range(2):
        with pytest.raises(SandboxError, match="ImportError: pytest"):
            pool.call({}, 1)
    pool.close()


def test_closing_removes_every_slot_and_wakes_every_waiter() -> None:
    started = threading.Event()

    def until_destroyed(slot: FakeSlot, job: Mapping[str, Any]) -> dict[str, Any]:
        started.set()
        slot.destroyed.wait(30)
        raise SlotBroken("the container ended")

    machine = Machine(until_destroyed)
    pool = SlotPool(1, machine.start)
    with ThreadPoolExecutor(3) as threads:
        jobs = [threads.submit(pool.call, {}, 1) for _ in range(3)]
        assert started.wait(30)
        pool.close()
        for job in jobs:
            with pytest.raises(Closed):
                job.result(30)
    assert machine.alive() == []


def test_a_closed_pool_starts_nothing() -> None:
    machine = Machine(echo)
    pool = SlotPool(1, machine.start)
    pool.close()
    pool.close()
    with pytest.raises(Closed):
        pool.call({}, 1)
    assert machine.slots == []


def test_an_idle_slot_is_pinged(monkeypatch: pytest.MonkeyPatch) -> None:
    pinged = threading.Event()
    monkeypatch.setattr("pytest_supercharger.sandbox.pool._PING_AFTER_SECONDS", -1.0)
    monkeypatch.setattr(FakeSlot, "ping", lambda self, seconds=10.0: pinged.set())
    pool = SlotPool(1, Machine(echo).start)
    pool.call({}, 1)
    assert pinged.wait(30)
    pool.close()
