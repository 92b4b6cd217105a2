"""What the search for one stub comes to: its outcome, with the reason that is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pytest_supercharger import unfilled
from pytest_supercharger.agreement import Assessment
from pytest_supercharger.bench import Bench
from pytest_supercharger.dispute import dispute, failed_check
from pytest_supercharger.domain import Candidate, Decision, Outcome, SourceFile
from pytest_supercharger.matrix import Matrix
from pytest_supercharger.progress import Progress
from pytest_supercharger.reporting import noticed
from pytest_supercharger.sampler import Sampler
from pytest_supercharger.stopwatch import Stopwatch

__all__ = ["Conclusion", "so_far"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """Makes the outcome of one search from what is known when it ends."""

    matrix: Matrix
    file: SourceFile  # of the stub
    bench: Bench
    sampler: Sampler
    watch: Stopwatch

    def accepted(self, candidate: Candidate, progress: Progress) -> Outcome:
        """The evidence for a candidate suffices."""
        return self._outcome(Decision.ACCEPTED, self._suffices(candidate), candidate, progress)

    def accepted_together(self, candidate: Candidate, progress: Progress, others: Mapping[str, str]) -> Outcome:
        """It suffices beside `others`: stubs with the ids of their candidates."""
        remark = f"{self._suffices(candidate)}; chosen together with {', '.join(others)}"
        return replace(self._outcome(Decision.ACCEPTED, remark, candidate, progress), together=others)

    def abstained(self, reason: str, progress: Progress) -> Outcome:
        """Nothing is written."""
        return self._outcome(Decision.ABSTAINED, reason, None, progress)

    def why(self, reason: str, progress: Progress) -> str:
        """The policy's reason, with that of the refused candidates where most of them are, and who was missed."""
        known, matrix = progress.assessment, self.matrix
        if known is None or known.best is None or 2 * len(matrix.refused) > len(matrix.candidates):
            reason = matrix.why_none(reason)
        return reason + unfilled.remark(matrix, reason, self.bench.ledger.is_accepted)

    def _suffices(self, candidate: Candidate) -> str:
        bench, passed = self.bench, self.matrix.tests_passed(candidate.id)
        noted = noticed(self.matrix.mutation_score(candidate.id)) + bench.dependencies.remark(candidate)
        return f"the evidence suffices{noted}{bench.splitting.remark(passed)}"

    def _outcome(self, decision: Decision, reason: str, candidate: Candidate | None, progress: Progress) -> Outcome:
        matrix, sampler, key = self.matrix, self.sampler, candidate.id if candidate is not None else None
        assessment = progress.assessment or Assessment(best=None, probability=0.0)
        return Outcome(
            stub=matrix.stub,
            decision=decision,
            reason=reason,
            probability=assessment.probability,
            candidate=candidate,
            candidates=len(matrix.candidates),
            tests=len(matrix.trusted) + len(matrix.tests) + len(matrix.gate_tests(key)),
            samples=progress.codes + progress.repairs + matrix.test_answers,
            mutation=matrix.mutation_score(key if key is not None else assessment.best),
            tokens=progress.tokens,
            models=dict(sampler.models),
            author=sampler.authors.get(key, "") if key is not None else "",
            seconds=self.watch.seconds + self.watch.paused,
            needs=self.bench.dependencies.needed(candidate) if candidate is not None else (),
            question=None if candidate is not None else dispute(matrix, assessment, self.file),
            failing="" if candidate is not None else failed_check(matrix),
            duplicates=matrix.duplicates,
            rejections=matrix.unused(),
            details=matrix.details,
        )


def so_far(progress: Progress) -> str:
    """How far a search is, in a few words."""
    now = progress.assessment
    drawn = f"{progress.codes + progress.repairs} codes, {progress.suites} test suites"
    sure = f"probability {now.probability:.2f}" if now and now.best else "nothing that passes the trusted tests"
    return f"{drawn}, {sure}"
