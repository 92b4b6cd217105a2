"""The sandbox of the product: hardened containers that run the user's own interpreter and packages."""

from __future__ import annotations

import threading
import weakref
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_supercharger.domain import GeneratedTest, Output, OutputKind, PairResult, Probe, Verdict
from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox import protocol, verdict
from pytest_supercharger.sandbox.base import GateResult, Limits, Overlay
from pytest_supercharger.sandbox.canaries import Flock
from pytest_supercharger.sandbox.pairs import run_pairs, screen_pairs
from pytest_supercharger.sandbox.placement import Placement
from pytest_supercharger.sandbox.pool import Closed
from pytest_supercharger.sandbox.slot import SlotBroken
from pytest_supercharger.sandbox.split_runs import SplitRuns
from pytest_supercharger.sandbox.started import Started

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

__all__ = ["DockerSandbox"]

_GRACE_SECONDS = 30.0  # PID 1 keeps the time; the host only takes over when PID 1 fails to
_PATIENCE = 2  # PID 1 gives a job this much more wall time when it waits for a CPU
_PROBE_ROUNDS = 5  # PID 1 starts a job again after an input that ended its process
_SCREEN_SHARE = 0.2  # of a test's seconds, for one that runs in a batch

T = TypeVar("T")


class DockerSandbox:
    """Runs jobs of one project on warm containers; implements `base.Sandbox`.

    Nothing is started before the first job, or `start`. `roots` are the source roots of the project relative to it;
    `slots` is the number of containers at most, by default one a core of each engine.
    `report` takes lines for the user.
    """

    def __init__(
        self,
        project_root: Path,
        *,
        roots: Sequence[str] = ("",),
        limits: Limits | None = None,
        slots: int | None = None,
        placement: Placement | None = None,
        report: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._project = project_root.resolve()
        self._roots = tuple(roots)
        self._limits = limits or Limits()
        self._placement = placement or Placement()
        self._slots = slots
        self._report = report
        self._flock = Flock()
        self._lock = threading.Lock()
        self._running: Started | None = None
        self._closed = False
        self._splits = SplitRuns(self._limits, _PATIENCE * self._seconds(1) + _GRACE_SECONDS)

    def start(self) -> None:
        """Reach the engine and make ready for jobs now; SandboxError says why that cannot be."""
        self._ready()

    def run_tests(
        self, overlay: Overlay, tests: Sequence[GeneratedTest], *, isolated: bool = False
    ) -> dict[str, PairResult]:
        """Run the tests; the result is keyed by the test's id. See `base.Sandbox`."""
        if not tests:
            return {}
        pool = self._ready().pool
        return run_pairs(
            tests,
            isolated=partial(self._isolated, overlay),
            batch=None if isolated else partial(self._batch, overlay),
            slots=pool.size,
            idle=pool.idle,
        )

    def screen(self, overlay: Overlay, tests: Sequence[GeneratedTest]) -> verdict.Screen:
        """What the tests come to in one process, which proves no failure; for measurements."""
        return screen_pairs(tests, partial(self._batch, overlay), idle=self._ready().pool.idle)

    def _isolated(self, overlay: Overlay, tests: Sequence[GeneratedTest]) -> Future[Mapping[str, PairResult]]:
        canaries = [self._flock.draw(overlay) for _ in tests]
        forks = [[test, *(canary.test for canary in own)] for test, own in zip(tests, canaries, strict=True)]
        return self._submit(
            protocol.tests_job(overlay, forks, self._limits),
            _PATIENCE * self._seconds(1) * len(tests) + _GRACE_SECONDS,
            lambda job, result: verdict.tests_results(job, result, tests, *canaries),
            lambda problem: {test.id: PairResult(verdict=Verdict.INFRA, detail=problem) for test in tests},
        )

    def _batch(self, overlay: Overlay, tests: Sequence[GeneratedTest]) -> Future[verdict.Screen]:
        # A test that needs longer than this, or a process that does not end well, gets its verdict in isolation.
        limits = replace(self._limits, seconds=self._limits.seconds * _SCREEN_SHARE)
        canaries = self._flock.draw(overlay)
        return self._submit(
            protocol.tests_job(overlay, [self._flock.mix(tests, canaries)], limits),
            _PATIENCE * self._seconds(len(tests)) + _GRACE_SECONDS,
            lambda job, result: verdict.screen_result(job, result, tests, canaries),
            lambda problem: verdict.Screen(),
        )

    def _seconds(self, calls: int) -> float:
        """The wall time a job may take that imports the module and makes so many calls."""
        return max(self._limits.import_seconds, 3 * self._limits.seconds) + 3 * self._limits.seconds * calls

    def run_split(
        self, overlay: Overlay, tests: Sequence[GeneratedTest], *, stubbed: Overlay | None = None
    ) -> dict[str, PairResult]:
        """Run each test in one container and the candidate in another. See `base.Sandbox`."""
        return self._splits.run(self._submit, overlay, tests, stubbed or {})

    def probe(self, overlay: Overlay, module: str, probes: Sequence[Probe]) -> dict[str, Output]:
        """Evaluate each probe against `module`; the result is keyed by the probe's id."""
        if not probes:
            return {}
        future = self._submit(
            protocol.probe_job(overlay, module, probes, self._limits),
            _PATIENCE * self._seconds(2 * len(probes)) * _PROBE_ROUNDS + _GRACE_SECONDS,
            lambda job, result: verdict.probe_result(job, result, probes),
            lambda problem: {
                probe.id: Output(kind=OutputKind.INFRA, text=problem, preview=problem) for probe in probes
            },
            lambda outputs: any(output.kind is OutputKind.INFRA for output in outputs.values()),
        )
        return future.result()

    def gate(self, overlay: Overlay, nodeids: Sequence[str] | None) -> GateResult:
        """Run the project's tests, all of them for None, in a writable copy of the project."""
        future = self._submit(
            protocol.gate_job(overlay, nodeids, self._limits),
            self._limits.gate_seconds + self._limits.import_seconds + _GRACE_SECONDS,
            verdict.gate_result,
            lambda problem: GateResult(problem=problem),
        )
        return future.result()

    def lacks(self, modules: Sequence[str]) -> frozenset[str]:
        """Which of these top-level modules are not there for tests and candidates."""
        return self._ready().packages.lacks(modules)

    def install(self, distributions: Sequence[str]) -> Mapping[str, str]:
        """Fetch these for the rest of the run, with all they need, as wheels only: file name -> SHA-256."""
        return self._ready().packages.install(distributions)

    def close(self) -> None:
        """Remove every container of this sandbox, and its copy of the project."""
        with self._lock:
            self._closed = True
            running, self._running = self._running, None
        if running is not None:
            running.close()

    def __enter__(self) -> DockerSandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ready(self) -> Started:
        with self._lock:
            if self._closed:
                raise SandboxError("the sandbox is closed; make a new one")
            if self._running is None:
                self._running = Started(
                    self._project, self._roots, self._limits, self._slots, self._placement, self._report
                )
                weakref.finalize(self, self._running.close)
            return self._running

    def _submit(
        self,
        job: Mapping[str, Any],
        seconds: float,
        judge: Callable[[dict[str, Any], dict[str, Any]], T],
        infra: Callable[[str], T],
        is_infra: Callable[[T], bool] = lambda result: False,
        *,
        split: bool = False,
    ) -> Future[T]:
        running = self._ready()

        def once() -> T:
            try:
                sent, result = running.pool.call(job, seconds, split=split)
            except SlotBroken as error:
                return infra(f"the sandbox failed twice: {error}")
            except Closed:
                raise SandboxError("the sandbox was closed while it was in use") from None
            return judge(sent, result)

        def work() -> T:
            # A job that got too little of the machine to be judged has earned a second try.
            result = once()
            return once() if is_infra(result) else result

        return running.threads(split=split).submit(work)
