"""A sandbox in which some files of the project always stand as other bytes: functions that are to be filled anew."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_supercharger.domain import GeneratedTest, Output, PairResult, Probe
from pytest_supercharger.sandbox.around import Around
from pytest_supercharger.sandbox.base import GateResult, Overlay, Sandbox

__all__ = ["Opened"]


class Opened(Around):
    """Another sandbox with `base` below every overlay."""

    def __init__(self, sandbox: Sandbox, base: Overlay) -> None:
        """Nothing is started."""
        super().__init__(sandbox)
        self._base = base

    def run_tests(
        self, overlay: Overlay, tests: Sequence[GeneratedTest], *, isolated: bool = False
    ) -> dict[str, PairResult]:
        """As the other sandbox."""
        return self._sandbox.run_tests({**self._base, **overlay}, tests, isolated=isolated)

    def run_split(
        self, overlay: Overlay, tests: Sequence[GeneratedTest], *, stubbed: Overlay | None = None
    ) -> dict[str, PairResult]:
        """As the other sandbox; the half without the candidate sees stubs."""
        both = {**self._base, **overlay}
        return self._sandbox.run_split(both, tests, stubbed={**self._base, **(stubbed or {})} or None)

    def probe(self, overlay: Overlay, module: str, probes: Sequence[Probe]) -> dict[str, Output]:
        """As the other sandbox."""
        return self._sandbox.probe({**self._base, **overlay}, module, probes)

    def gate(self, overlay: Overlay, nodeids: Sequence[str] | None) -> GateResult:
        """As the other sandbox."""
        return self._sandbox.gate({**self._base, **overlay}, nodeids)
