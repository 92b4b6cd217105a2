"""One candidate on many tests: a batch as a screen, the isolated run as the verdict, a second try for *infra*."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import TypeVar

from pytest_supercharger.domain import GeneratedTest, PairResult, Verdict
from pytest_supercharger.sandbox.verdict import Screen

__all__ = ["run_pairs", "screen_pairs"]

_TRIES = 2  # of a pair that the sandbox, and not the candidate, failed at
_SMALLEST_BATCH = 4  # tests a process that are worth a process more where a slot has nothing to do
_MOST_AT_ONCE = 16  # isolated tests in one job of a slot

T = TypeVar("T")
Tests = Sequence[GeneratedTest]
Isolated = Callable[[Tests], "Future[Mapping[str, PairResult]]"]
Batch = Callable[[Tests], "Future[Screen]"]


def run_pairs(tests: Tests, *, isolated: Isolated, batch: Batch | None, slots: int, idle: int) -> dict[str, PairResult]:
    """The results of `tests` by id; `batch` is None where every test is to be run on its own."""
    same: dict[str, list[GeneratedTest]] = {}
    for test in tests:
        same.setdefault(test.source, []).append(test)
    distinct = [equal[0] for equal in same.values()]
    screen = screen_pairs(distinct, batch, idle=idle) if batch and len(distinct) > 1 else Screen()
    results = dict(screen.passed)
    results |= _isolate([test for test in distinct if test.id not in results], isolated, slots)
    for key in screen.failed:
        if results[key].verdict is Verdict.PASS:
            results[key] = replace(results[key], order_dependent=True)
    return {test.id: results[equal[0].id] for equal in same.values() for test in equal}


def screen_pairs(tests: Tests, batch: Batch, *, idle: int) -> Screen:
    """What `tests` come to next to each other, in as many processes as there are idle slots for."""
    parts = max(1, min(idle, len(tests) // _SMALLEST_BATCH))
    found = Screen()
    for screen in _wait([batch(tests[part::parts]) for part in range(parts)]):
        found.passed |= screen.passed
        found.failed |= screen.failed
    return found


def _isolate(tests: list[GeneratedTest], isolated: Isolated, slots: int) -> dict[str, PairResult]:
    results: dict[str, PairResult] = {}
    tries: dict[str, int] = {}
    while tests:
        size = min(_MOST_AT_ONCE, -(-len(tests) // slots))
        chunks = [tests[start : start + size] for start in range(0, len(tests), size)]
        for part in _wait([isolated(chunk) for chunk in chunks]):
            results |= part
            tries |= {key: tries.get(key, 0) + 1 for key in part}
        tests = [test for test in tests if _is_due(test.id, results, tries)]
    return results


def _is_due(key: str, results: Mapping[str, PairResult], tries: Mapping[str, int]) -> bool:
    return key not in results or (results[key].verdict is Verdict.INFRA and tries[key] < _TRIES)


def _wait(futures: Sequence[Future[T]]) -> list[T]:
    try:
        return [future.result() for future in futures]
    except BaseException:
        for future in futures:
            future.cancel()
        raise
