"""The level at which pairs are run: with test and candidate in one process, or in two that share nothing.

Level 2 runs a pair in one process, and some passes again in two: a share of them by chance, and all those of a
candidate that is about to be accepted. Level 3 runs every pair in two. A test that uses what two processes cannot tell
each other counts as it ran in one, and that is said.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

from pytest_supercharger.domain import GeneratedTest, PairResult, Verdict
from pytest_supercharger.sandbox.base import Overlay, Sandbox

__all__ = ["SAMPLED", "TOGETHER", "Splitting"]

TOGETHER, APART = 2, 3
SAMPLED = 0.05  # share of the passes that are run again apart


class Splitting:
    """Runs the pairs of one stub at the level of the run; `report` takes a line for the user."""

    def __init__(
        self, sandbox: Sandbox, *, level: int = TOGETHER, seed: int = 0, report: Callable[[str], None] | None = None
    ) -> None:
        self.sandbox = sandbox
        self._level, self._seed = level, seed
        self._report = report or (lambda line: None)
        self._said: set[str] = set()  # ids of the tests that do not allow it

    def run(
        self,
        overlay: Overlay,
        tests: Sequence[GeneratedTest],
        *,
        isolated: bool = False,
        stubbed: Overlay | None = None,
    ) -> dict[str, PairResult]:
        """The verdicts of a candidate on tests, keyed by the test's id; `stubbed` is what a test apart from it sees."""
        apart = self._apart(overlay, tests, stubbed) if self._level >= APART else {}
        left = [test for test in tests if test.id not in apart]
        return apart | (self.sandbox.run_tests(overlay, left, isolated=isolated) if left else {})

    def sample(
        self, overlay: Overlay, candidate: str, tests: Sequence[GeneratedTest], results: Mapping[str, PairResult]
    ) -> str:
        """Run some of the passes again apart; why the candidate cannot be trusted, "" when nothing is known."""
        if self._level >= APART:
            return ""
        passed = [test for test in tests if results[test.id].verdict is Verdict.PASS]
        drawn = [test for test in passed if self._is_drawn(candidate, test)]
        again = self._apart(overlay, drawn)
        return self._difference(drawn, {key: result for key, result in again.items() if not _infra(result)})

    def doubt(self, overlay: Overlay, passed: Sequence[GeneratedTest]) -> str:
        """Run passed tests again apart; why the candidate cannot be trusted, "" when all are passes again."""
        return self._difference(passed, self._apart(overlay, passed))

    def remark(self, tests: Sequence[GeneratedTest]) -> str:
        """What is to be said of accepted code with tests that could not be run apart from it."""
        together = sum(test.id in self._said for test in tests)
        return f"; {together} of its {len(tests)} tests could not be run apart from it" if together else ""

    def _difference(self, passed: Sequence[GeneratedTest], results: Mapping[str, PairResult]) -> str:
        for test in passed:
            result = results.get(test.id)
            if result is None or result.verdict is Verdict.PASS:
                continue
            if _infra(result):
                return f"the sandbox could not run {test.name} apart from it: {result.detail[:200]}"
            detail = " ".join(result.detail.split())[:200]
            return (
                f"passes {test.name} only in one process with it; apart the verdict is {result.verdict.value}: {detail}"
            )
        return ""

    def _apart(
        self, overlay: Overlay, tests: Sequence[GeneratedTest], stubbed: Overlay | None = None
    ) -> dict[str, PairResult]:
        """The verdicts of split runs, without those that a test does not allow."""
        results = self.sandbox.run_split(overlay, tests, stubbed=stubbed) if tests else {}
        for test in tests:
            if results[test.id].verdict is Verdict.NOT_ENCODABLE and test.id not in self._said:
                self._said.add(test.id)
                self._report(f"{test.name} runs in one process with the candidate: {results[test.id].detail}")
        return {key: result for key, result in results.items() if result.verdict is not Verdict.NOT_ENCODABLE}

    def _is_drawn(self, candidate: str, test: GeneratedTest) -> bool:
        digest = hashlib.sha256(f"{self._seed}:{candidate}:{test.id}".encode()).digest()
        return int.from_bytes(digest[:8], "big") < SAMPLED * 2**64


def _infra(result: PairResult) -> bool:
    return result.verdict is Verdict.INFRA
