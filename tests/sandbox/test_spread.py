"""Jobs of one container and of two share the places of all engines; played with slots that have no container."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from machine import FakeSlot, Machine

from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox.pool import SlotPool
from pytest_supercharger.sandbox.slot import SlotBroken
from pytest_supercharger.sandbox.spread import Member, Spread

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Work = Callable[[FakeSlot, Mapping[str, Any]], dict[str, Any]]


class Gauge:
    """Counts the containers that work at the same time; a job ends when it is let go, `free` ones at once."""

    def __init__(self) -> None:
        self.most = self.now = 0
        self.order: list[str] = []
        self._doors: dict[str, threading.Event] = {}
        self._begun: dict[str, threading.Event] = {}
        self._lock = threading.Lock()

    def hold(self, *names: str) -> None:
        """Keep jobs of these names at work until `let_go`."""
        self._doors |= {name: threading.Event() for name in names}
        self._begun |= {name: threading.Event() for name in names}

    def let_go(self, name: str) -> None:
        self._doors[name].set()

    def wait_for(self, name: str) -> None:
        assert self._begun[name].wait(60)

    def single(self, slot: FakeSlot, job: Mapping[str, Any]) -> dict[str, Any]:
        return self._work(job, 1)

    def pair(self, slot: FakeSlot, job: Mapping[str, Any]) -> dict[str, Any]:
        return self._work(job, 2)

    def _work(self, job: Mapping[str, Any], containers: int) -> dict[str, Any]:
        name = str(job.get("name"))
        with self._lock:
            self.now += containers
            self.most = max(self.most, self.now)
            self.order.append(name)
        if name in self._doors:
            self._begun[name].set()
            assert self._doors[name].wait(60)
        with self._lock:
            self.now -= containers
        return {}


def member(size: int, single: Work, pair: Work, **more: Any) -> Member:
    values = {"address": f"of {size}", "answers": lambda: True, **more}
    slots, pairs = SlotPool(size, Machine(single).start), SlotPool(max(1, size // 2), Machine(pair).start)
    return Member(size=size, slots=slots, pairs=pairs, **values)


def spread(*members: Member) -> Spread:
    return Spread(members, lambda line: None)


def waiting(spread: Spread, count: int) -> None:
    """Return when so many calls wait for places."""
    until(lambda: sum(map(len, spread._waiting.values())) >= count)


def until(reached: Callable[[], bool]) -> None:
    """Look again and again, for a minute at most."""
    end = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < end


@pytest.mark.parametrize(("sizes", "most"), [((2,), 2), ((3,), 3), ((1, 1), 2), ((2, 1), 3), ((1,), 2)])
def test_no_more_containers_work_at_once_than_there_are_places(sizes: tuple[int, ...], most: int) -> None:
    """But for a split run where there is one place in all."""
    gauge, names = Gauge(), [*"abcdef"]
    gauge.hold(*names)
    places = spread(*(member(size, gauge.single, gauge.pair) for size in sizes))
    with ThreadPoolExecutor(len(names)) as threads:
        calls = []
        for number, name in enumerate(names):
            calls.append(threads.submit(places.call, {"name": name}, 1, split=number % 3 == 0))
            until(lambda number=number: len(gauge.order) + sum(map(len, places._waiting.values())) > number)
        for name in names:
            gauge.let_go(name)
        for call in calls:
            call.result(60)
    assert gauge.most <= most
    assert (places.idle, gauge.now) == (sum(sizes), 0)
    places.close()


def test_who_asked_first_is_served_first_also_where_it_needs_two_places() -> None:
    gauge = Gauge()
    gauge.hold("one", "two")
    places = spread(member(2, gauge.single, gauge.pair))
    with ThreadPoolExecutor(5) as threads:
        calls = [threads.submit(places.call, {"name": name}, 1) for name in ("one", "two")]
        gauge.wait_for("one")
        gauge.wait_for("two")
        for number, name in enumerate(("both", "three", "four"), 1):
            calls.append(threads.submit(places.call, {"name": name}, 1, split=name == "both"))
            waiting(places, number)
        gauge.let_go("one")
        calls[0].result(60)
        assert places.idle == 1  # kept for who needs two
        gauge.let_go("two")
        for call in calls:
            call.result(60)
    assert gauge.order[2] == "both"
    places.close()


def test_the_kind_that_had_less_of_the_places_is_served_first() -> None:
    """So one split run after the other can be done while ordinary jobs take their time; and neither kind starves."""
    gauge, now = Gauge(), [0.0]
    gauge.hold("long", "longer", "apart 1", "apart 2")
    places = Spread([member(2, gauge.single, gauge.pair)], lambda line: None, clock=lambda: now[0])
    with ThreadPoolExecutor(7) as threads:
        calls = [threads.submit(places.call, {"name": name}, 1) for name in ("long", "longer")]
        gauge.wait_for("long")
        gauge.wait_for("longer")
        for number, name in enumerate(("apart 1", "short 1", "apart 2", "short 2", "apart 3"), 1):
            calls.append(threads.submit(places.call, {"name": name}, 1, split="apart" in name))
            waiting(places, number)
        for name, end in (("long", 10.0), ("longer", 10.0), ("apart 1", 11.0), ("apart 2", 30.0)):
            gauge.wait_for(name)
            now[0] = end
            gauge.let_go(name)
        for call in calls:
            call.result(60)
    assert gauge.order[2:4] == ["apart 1", "apart 2"]  # 20 seconds of the others, 2 of theirs before the second
    assert gauge.order[-1] == "apart 3"  # and 40 before the third
    places.close()


def test_what_a_kind_left_unused_for_long_is_not_kept_for_it() -> None:
    gauge, now = Gauge(), [0.0]
    gauge.hold("long", "apart 1")
    places = Spread([member(2, gauge.single, gauge.pair)], lambda line: None, clock=lambda: now[0])
    with ThreadPoolExecutor(3) as threads:
        calls = [threads.submit(places.call, {"name": "long"}, 1)]
        gauge.wait_for("long")
        now[0] = 1000.0
        gauge.let_go("long")
        calls[0].result(60)
        calls.append(threads.submit(places.call, {"name": "apart 1"}, 1, split=True))
        gauge.wait_for("apart 1")
        for number, name in enumerate(("apart 2", "short"), 1):
            calls.append(threads.submit(places.call, {"name": name}, 1, split="apart" in name))
            waiting(places, number)
        now[0] = 1006.0
        gauge.let_go("apart 1")
        for call in calls:
            call.result(60)
    assert gauge.order == ["long", "apart 1", "short", "apart 2"]
    places.close()


@pytest.mark.parametrize("split", [False, True])
def test_an_engine_that_is_gone_is_done_without(split: bool) -> None:
    def broken(slot: FakeSlot, job: Mapping[str, Any]) -> dict[str, Any]:
        raise SlotBroken("EOF")

    gauge, said = Gauge(), list[str]()
    gone = member(4, broken, broken, answers=lambda: False)
    places = Spread([gone, member(1, gauge.single, gauge.pair)], said.append)
    for _ in range(3):
        places.call({}, 1, split=split)
    assert said == ["sandbox: the engine at of 4 is gone (EOF); 1 slots are left elsewhere"]
    assert places.idle == 1
    places.close()


class Engine:
    """Answers while it is `up`, and notes what was asked of it."""

    def __init__(self) -> None:
        self.up = True
        self.asked: Counter[str] = Counter()
        self.places: Spread | None = None

    def work(self, slot: FakeSlot, job: Mapping[str, Any]) -> dict[str, Any]:
        self.asked["job"] += 1
        if not self.up:
            raise SlotBroken("EOF")
        return {}

    def answers(self) -> bool:
        if self.places is not None:
            # An engine may take minutes to answer: others must be able to ask and to give places back meanwhile.
            with ThreadPoolExecutor(1) as threads:
                assert threads.submit(self._looks_in).result(60)
        return self.up

    def _looks_in(self) -> bool:
        assert self.places is not None
        free = self.places._changed.acquire(timeout=30)
        if free:
            self.places._changed.release()
        return free

    def catch_up(self) -> None:
        assert self.up
        self.asked["catch up"] += 1


def test_an_engine_is_asked_whether_it_is_back_while_nobody_is_held_up() -> None:
    engine = Engine()
    places = engine.places = spread(member(2, engine.work, engine.work, answers=engine.answers))
    engine.up = False
    with pytest.raises(SandboxError, match="no Docker engine answers any more"):
        places.call({}, 1)
    engine.up = True
    places.call({}, 1)
    assert places.idle == 2
    places.close()


def test_an_engine_gets_what_it_missed_before_it_gets_a_job() -> None:
    engine = Engine()
    places = spread(member(1, engine.work, engine.work, answers=engine.answers, catch_up=engine.catch_up))
    places.call({}, 1)
    places.call({}, 1, split=True)
    assert engine.asked == {"job": 2, "catch up": 2}
    places.close()


def test_what_cannot_be_brought_to_an_engine_that_answers_is_an_error() -> None:
    def fails() -> None:
        raise SandboxError("the packages cannot be sent")

    engine = Engine()
    places = spread(member(1, engine.work, engine.work, catch_up=fails))
    with pytest.raises(SandboxError, match="cannot be sent"):
        places.call({}, 1)
    assert engine.asked == {}
    places.close()
