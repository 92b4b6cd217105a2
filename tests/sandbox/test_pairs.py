"""How batches and isolated runs make one result a pair; played without containers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future

from pytest_supercharger.domain import GeneratedTest, PairResult, Verdict
from pytest_supercharger.sandbox.pairs import run_pairs
from pytest_supercharger.sandbox.verdict import Screen

Tests = Sequence[GeneratedTest]
PASS, FAIL, INFRA = (PairResult(verdict=verdict) for verdict in (Verdict.PASS, Verdict.FAIL, Verdict.INFRA))


def some(count: int) -> list[GeneratedTest]:
    return [GeneratedTest(id=f"t{number}", name="test_it", source=f"# {number}") for number in range(count)]


class Slots:
    """Answers at once; `alone` is the verdict of a test on its own, `most` the tests a slot runs before it stops."""

    def __init__(self, alone: Callable[[str], PairResult] = lambda key: PASS, *, most: int = 99) -> None:
        self.alone, self.most = alone, most
        self.jobs: list[list[str]] = []
        self.screen = Screen()

    def isolated(self, chunk: Tests) -> Future[dict[str, PairResult]]:
        self.jobs.append([test.id for test in chunk])
        return done({test.id: self.alone(test.id) for test in chunk[: self.most]})

    def batch(self, chunk: Tests) -> Future[Screen]:
        self.jobs.append(["batch", *(test.id for test in chunk)])
        return done(self.screen)

    def run(self, asked: Tests, *, screened: bool = True, slots: int = 1, idle: int = 0) -> dict[str, PairResult]:
        return run_pairs(asked, isolated=self.isolated, batch=self.batch if screened else None, slots=slots, idle=idle)


def done(value):
    future: Future = Future()
    future.set_result(value)
    return future


def test_what_passes_in_a_batch_is_not_run_again() -> None:
    slots = Slots()
    slots.screen.passed = {"t0": PASS, "t1": PASS}
    assert slots.run(some(2)) == {"t0": PASS, "t1": PASS}
    assert slots.jobs == [["batch", "t0", "t1"]]


def test_what_fails_in_a_batch_has_the_verdict_of_its_own_run() -> None:
    slots = Slots(lambda key: FAIL if key == "t1" else PASS)
    slots.screen.passed, slots.screen.failed = {"t0": PASS}, {"t1", "t2"}
    results = slots.run(some(3))
    assert [(key, pair.verdict, pair.order_dependent) for key, pair in results.items()] == [
        ("t0", Verdict.PASS, False),
        ("t1", Verdict.FAIL, False),
        ("t2", Verdict.PASS, True),
    ]
    assert slots.jobs[1:] == [["t1", "t2"]]


def test_what_a_batch_says_nothing_of_is_run_on_its_own() -> None:
    slots = Slots()
    assert not any(pair.order_dependent for pair in slots.run(some(2)).values())
    assert slots.jobs[1:] == [["t0", "t1"]]


def test_one_test_and_isolated_tests_are_never_in_a_batch() -> None:
    slots = Slots()
    slots.run(some(1))
    slots.run(some(2), screened=False)
    assert slots.jobs == [["t0"], ["t0", "t1"]]


def test_what_a_slot_did_not_get_to_is_sent_again() -> None:
    slots = Slots(most=2)
    assert set(slots.run(some(5), screened=False)) == {"t0", "t1", "t2", "t3", "t4"}
    assert slots.jobs == [["t0", "t1", "t2", "t3", "t4"], ["t2", "t3", "t4"], ["t4"]]


def test_a_failure_of_ours_is_tried_once_more() -> None:
    slots = Slots(lambda key: INFRA)
    assert slots.run(some(1))["t0"].verdict is Verdict.INFRA
    assert slots.jobs == [["t0"], ["t0"]]


def test_isolated_tests_are_spread_over_the_slots_and_batches_over_the_idle_ones() -> None:
    slots = Slots()
    slots.run(some(8), screened=False, slots=4)
    assert [len(job) for job in slots.jobs] == [2, 2, 2, 2]
    slots.jobs.clear()
    slots.run(some(9), slots=4, idle=3)
    assert slots.jobs[:2] == [["batch", "t0", "t2", "t4", "t6", "t8"], ["batch", "t1", "t3", "t5", "t7"]]


def test_equal_tests_are_run_once() -> None:
    slots = Slots()
    twin = GeneratedTest(id="twin", name="test_it", source="# 0")
    assert set(slots.run([*some(1), twin])) == {"t0", "twin"}
    assert slots.jobs == [["t0"]]
