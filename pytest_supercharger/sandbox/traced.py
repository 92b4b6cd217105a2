"""A sandbox whose jobs are spans, with what came of them in figures; nothing of a trace goes into any container."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from pytest_supercharger import tracing
from pytest_supercharger.domain import GeneratedTest, Output, PairResult, Probe
from pytest_supercharger.sandbox.around import Around
from pytest_supercharger.sandbox.base import GateResult, Overlay

__all__ = ["Traced"]


class Traced(Around):
    """Another sandbox, watched."""

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

    def install(self, distributions: Sequence[str]) -> Mapping[str, str]:
        """As the other sandbox."""
        with tracing.span("sandbox install", distributions=len(distributions)):
            return self._sandbox.install(distributions)


def _verdicts(results: Iterable[PairResult]) -> dict[str, int]:
    return _counts(result.verdict.value for result in results)


def _counts(words: Iterable[str]) -> dict[str, int]:
    return {f"results.{word}": count for word, count in Counter(words).items()}
