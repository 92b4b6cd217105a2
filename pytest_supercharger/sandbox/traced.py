"""A sandbox whose jobs are spans, with what came of them in figures; nothing of a trace goes into any container."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType

from pytest_supercharger import tracing
from pytest_supercharger.domain import GeneratedTest, Output, PairResult, Probe
from pytest_supercharger.sandbox.base import GateResult, Overlay, Sandbox

__all__ = ["Traced"]


class Traced:
    """Another sandbox, watched."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Nothing is started."""
        self._sandbox = sandbox

    def run_tests(
        self, overlay: Overlay, tests: Sequence[GeneratedTest], *, isolated: bool = False
    ) -> dict[str, PairResult]:
        """As the other sandbox."""
        with tracing.span("sandbox tests", pairs=len(tests), isolated=isolated) as span:
            results = self._sandbox.run_tests(overlay, tests, isolated=isolated)
            span.note(**_verdicts(results.values()))
            return results

    def run_split(
        self, overlay: Overlay, tests: Sequence[GeneratedTest], *, stubbed: Overlay | None = None
    ) -> dict[str, PairResult]:
        """As the other sandbox."""
        with tracing.span("sandbox split", pairs=len(tests)) as span:
            results = self._sandbox.run_split(overlay, tests, stubbed=stubbed)
            span.note(**_verdicts(results.values()))
            return results

    def probe(self, overlay: Overlay, module: str, probes: Sequence[Probe]) -> dict[str, Output]:
        """As the other sandbox."""
        with tracing.span("sandbox probe", inputs=len(probes)) as span:
            outputs = self._sandbox.probe(overlay, module, probes)
            span.note(**_counts(output.kind.value for output in outputs.values()))
            return outputs

    def gate(self, overlay: Overlay, nodeids: Sequence[str] | None) -> GateResult:
        """As the other sandbox."""
        with tracing.span("gate") as span:
            result = self._sandbox.gate(overlay, nodeids)
            span.note(tests=len(result.tests), skipped=len(result.skipped), errors=len(result.errors))
            span.note(**_verdicts(result.tests.values()))
            if result.problem:
                span.fail("no result")
            return result

    def lacks(self, modules: Sequence[str]) -> frozenset[str]:
        """As the other sandbox."""
        return self._sandbox.lacks(modules)

    def install(self, distributions: Sequence[str]) -> Mapping[str, str]:
        """As the other sandbox."""
        with tracing.span("sandbox install", distributions=len(distributions)):
            return self._sandbox.install(distributions)

    def close(self) -> None:
        """Close the other sandbox."""
        self._sandbox.close()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _verdicts(results: Iterable[PairResult]) -> dict[str, int]:
    return _counts(result.verdict.value for result in results)


def _counts(words: Iterable[str]) -> dict[str, int]:
    return {f"results.{word}": count for word, count in Counter(words).items()}
