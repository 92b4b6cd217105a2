"""Many tests, each in one container and the candidate in another: which can be, and what a limit says of a candidate.

The line between the two costs time, and a test may have more to say than it carries. Whether that is the test's own
doing is seen without any candidate, so no candidate can bring it about.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from pytest_supercharger.domain import LIMITS, GeneratedTest, PairResult, Verdict
from pytest_supercharger.sandbox import protocol, split_scope, split_verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future

    from pytest_supercharger.sandbox.base import Limits, Overlay

__all__ = ["SplitRuns"]

_REHEARSALS = 2  # of `inside.split_rehearsal`
_UNSEEN = "the sandbox could not see what the test has to say by itself"
_LINE_SECONDS = 300.0  # for all that is said; some six times what was measured
_DOUBTFUL = LIMITS | {Verdict.INFRA}

T = TypeVar("T")


class Submit(Protocol):
    """Sends a job and judges the answer."""

    def __call__(
        self,
        job: Mapping[str, Any],
        seconds: float,
        judge: Callable[[dict[str, Any], dict[str, Any]], T],
        infra: Callable[[str], T],
        is_infra: Callable[[T], bool] = ...,
        *,
        split: bool = ...,
    ) -> Future[T]: ...


class SplitRuns:
    """Runs what can be split; remembers which tests have too much to say."""

    def __init__(self, limits: Limits, seconds: float) -> None:
        """`seconds` is what a job of one test may take."""
        self._limits, self._seconds = limits, seconds
        self._too_much: dict[str, str] = {}  # source -> what there is too much of, "" for nothing

    def run(
        self, submit: Submit, overlay: Overlay, tests: Sequence[GeneratedTest], stubbed: Overlay
    ) -> dict[str, PairResult]:
        """The verdicts by the test's id; NOT_ENCODABLE where a test does not allow it."""
        apart = {test.id: split_scope.why_not(test) or self._too_much.get(test.source, "") for test in tests}
        futures = {test.id: self._start(submit, overlay, test, stubbed) for test in tests if not apart[test.id]}
        results = {key: future.result() for key, future in futures.items()}
        for test in tests:
            if test.id in results and results[test.id].verdict in _DOUBTFUL:
                reason = self._rehearsed(submit, test, stubbed)
                if reason is None:
                    results[test.id] = PairResult(verdict=Verdict.INFRA, detail=_UNSEEN)
                apart[test.id] = reason or ""
        refused = {key: reason for key, reason in apart.items() if reason}
        return results | {key: PairResult(verdict=Verdict.NOT_ENCODABLE, detail=refused[key]) for key in refused}

    def _start(self, submit: Submit, overlay: Overlay, test: GeneratedTest, stubbed: Overlay) -> Future[PairResult]:
        return submit(
            dict(zip(("test", "candidate"), protocol.split_jobs(overlay, test, self._limits, stubbed), strict=True)),
            self._seconds + _LINE_SECONDS,
            partial(split_verdict.split_result, test=test),
            lambda problem: PairResult(verdict=Verdict.INFRA, detail=problem),
            lambda pair: pair.verdict is Verdict.INFRA,
            split=True,
        )

    def _rehearsed(self, submit: Submit, test: GeneratedTest, stubbed: Overlay) -> str | None:
        """What the test has too much of by itself; None where that could not be seen this time."""
        if test.source not in self._too_much:
            job = protocol.rehearsal_job(split_scope.rehearsal(test), self._limits, stubbed)
            judge = partial(split_verdict.too_much, rehearsals=_REHEARSALS)
            found: str | None = submit(job, 2 * self._seconds, judge, lambda problem: None).result()
            if found is None:
                return None
            self._too_much[test.source] = found
        return self._too_much[test.source]
