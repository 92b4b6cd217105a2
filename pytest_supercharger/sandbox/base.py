"""What a sandbox is: a place where hostile code runs and trustworthy verdicts come out.

Three kinds of job, one isolation. An overlay maps a path relative to the project root to the bytes that stand
there instead of the project's own file; it is how a candidate enters the project. All calls are thread-safe and
block until a slot is free. Nothing is ever executed outside a container: where none can be had, `SandboxError`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol

from pytest_supercharger.domain import GeneratedTest, Output, PairResult, Probe

__all__ = ["GateResult", "Limits", "Overlay", "Sandbox"]

Overlay = Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one job may use."""

    seconds: float = 10.0  # CPU a test or call; wall time is bounded at three times this
    import_seconds: float = 30.0  # for importing the project's module
    gate_seconds: float = 300.0  # wall, one run of the project's tests
    memory_bytes: int = 512 * 1024 * 1024
    output_bytes: int = 1024 * 1024  # of results
    processes: int = 128  # threads count as well
    disk_bytes: int = 64 * 1024 * 1024  # in /tmp, and the largest file
    messages: int = 50_000  # of each half of a split run: about one a call of the candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """One run of project tests: a result a node id, and what went wrong outside of any test."""

    tests: Mapping[str, PairResult] = field(default_factory=dict)
    skipped: frozenset[str] = frozenset()  # node ids that were skipped or failed as expected; `tests` has none of them
    skipped_after: Mapping[str, frozenset[str]] = field(default_factory=dict)  # of these: what stubs they had called
    errors: Mapping[str, str] = field(default_factory=dict)  # collection errors: node id -> text
    reached_at_import: Mapping[str, frozenset[str]] = field(default_factory=dict)  # collector -> stub ids
    reached_first: frozenset[str] = frozenset()  # stubs that were called before anything was collected
    problem: str = ""  # why the run as a whole has no result (time-out, memory, usage error), "" when it has


class Sandbox(Protocol):
    """Runs candidates of one project against tests, project tests and inputs."""

    def run_tests(
        self, overlay: Overlay, tests: Sequence[GeneratedTest], *, isolated: bool = False
    ) -> dict[str, PairResult]:
        """Run the tests; the result is keyed by the test's id.

        The verdict of a pair is that of a fork of its own. Unless `isolated` is asked for, what passes next to the
        other tests in one process is believed to pass; everything else is run again on its own.
        """
        ...

    def run_split(
        self, overlay: Overlay, tests: Sequence[GeneratedTest], *, stubbed: Overlay | None = None
    ) -> dict[str, PairResult]:
        """Run each test in one container and the candidate in another; NOT_ENCODABLE where a test does not allow it.

        `stubbed` is the overlay of the test's container, for a project whose files have no stubs any more.
        """
        ...

    def probe(self, overlay: Overlay, module: str, probes: Sequence[Probe]) -> dict[str, Output]:
        """Evaluate each probe against `module`; the result is keyed by the probe's id."""
        ...

    def gate(self, overlay: Overlay, nodeids: Sequence[str] | None) -> GateResult:
        """Run the project's tests, all of them for None, in a writable copy of the project."""
        ...

    def lacks(self, modules: Sequence[str]) -> frozenset[str]:
        """Which of these top-level modules are not there for tests and candidates."""
        ...

    def install(self, distributions: Sequence[str]) -> Mapping[str, str]:
        """Fetch these for the rest of the run, with all they need, as wheels only: file name -> SHA-256.

        Raises:
            SandboxError: they cannot be had; the sandbox goes on without them.
        """
        ...

    def close(self) -> None:
        """Remove every container of this sandbox."""
        ...

    def __enter__(self) -> Sandbox: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
