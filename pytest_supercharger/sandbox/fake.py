"""A sandbox of scripted answers that never executes anything; for tests of what stands above the sandbox."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pytest_supercharger.domain import GeneratedTest, Output, OutputKind, PairResult, Probe, Verdict
from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox.base import GateResult, Overlay

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["FakeSandbox"]

Judge = Callable[[Overlay, GeneratedTest], "PairResult | Verdict"]
Evaluate = Callable[[Overlay, str, Probe], Output]
Gate = Callable[[Overlay, "Sequence[str] | None"], GateResult]


class FakeSandbox:
    """Answers by four functions of the overlay; records every call in `calls` as (kind, overlay, what was asked)."""

    def __init__(
        self,
        *,
        judge: Judge | None = None,
        split: Judge | None = None,
        evaluate: Evaluate | None = None,
        gate: Gate | None = None,
    ) -> None:
        self._judge = judge or (lambda overlay, test: Verdict.PASS)
        self._split = split or (lambda overlay, test: Verdict.PASS)
        self._evaluate = evaluate or (lambda overlay, module, probe: Output(kind=OutputKind.OPAQUE))
        self._gate = gate or (lambda overlay, nodeids: GateResult())
        self._lock = threading.Lock()
        self.calls: list[tuple[str, dict[str, bytes], tuple[str, ...] | None]] = []
        self.lacking: frozenset[str] = frozenset()
        self.closed = False

    def run_tests(
        self, overlay: Overlay, tests: Sequence[GeneratedTest], *, isolated: bool = False
    ) -> dict[str, PairResult]:
        """What `judge` says of each test; asked for in isolation, the call is recorded as "isolated"."""
        self._record("isolated" if isolated else "tests", overlay, [test.id for test in tests])
        return {test.id: _pair(self._judge(overlay, test)) for test in tests}

    def run_split(
        self, overlay: Overlay, tests: Sequence[GeneratedTest], *, stubbed: Overlay | None = None
    ) -> dict[str, PairResult]:
        """What `split` says of each test; the call is recorded with what both containers see instead of the project."""
        self._record("split", {**overlay, **(stubbed or {})}, [test.id for test in tests])
        return {test.id: _pair(self._split(overlay, test)) for test in tests}

    def probe(self, overlay: Overlay, module: str, probes: Sequence[Probe]) -> dict[str, Output]:
        """What `evaluate` says of each probe."""
        self._record("probe", overlay, [probe.id for probe in probes])
        return {probe.id: self._evaluate(overlay, module, probe) for probe in probes}

    def gate(self, overlay: Overlay, nodeids: Sequence[str] | None) -> GateResult:
        """What `gate` says of the project's tests."""
        self._record("gate", overlay, nodeids)
        return self._gate(overlay, nodeids)

    def lacks(self, modules: Sequence[str]) -> frozenset[str]:
        """Those that it was told to lack."""
        return self.lacking & set(modules)

    def install(self, distributions: Sequence[str]) -> dict[str, str]:
        """Record what is asked for; the modules that it was told to lack are there from now on."""
        self._record("install", {}, distributions)
        self.lacking = frozenset()
        return {f"{name}-1-py3-none-any.whl": "0" * 64 for name in distributions}

    def close(self) -> None:
        """Refuse further calls."""
        self.closed = True

    def __enter__(self) -> FakeSandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _record(self, kind: str, overlay: Overlay, asked: Sequence[str] | None) -> None:
        if self.closed:
            raise SandboxError("the sandbox is closed; open a new one")
        with self._lock:
            self.calls.append((kind, dict(overlay), None if asked is None else tuple(asked)))


def _pair(answer: PairResult | Verdict) -> PairResult:
    return PairResult(verdict=answer) if isinstance(answer, Verdict) else answer
