"""Puts tasks through the real search and sandbox, and judges the best candidate of each by the task's reference."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from pytest_supercharger import agreement, context, finding, session
from pytest_supercharger.acceptance import unmet
from pytest_supercharger.calibrating import judging
from pytest_supercharger.calibrating.outcomes import Line, Outcomes
from pytest_supercharger.calibrating.tasks import Task, TaskError
from pytest_supercharger.domain import Candidate, Decision, Outcome
from pytest_supercharger.errors import SuperchargeError
from pytest_supercharger.hearing import hear
from pytest_supercharger.inflight import Generator
from pytest_supercharger.ledger import Ledger
from pytest_supercharger.matrix import Matrix
from pytest_supercharger.options import Settings
from pytest_supercharger.questioner import Questioner
from pytest_supercharger.reporting import Reporter
from pytest_supercharger.sandbox.base import Sandbox

__all__ = ["Collector"]

_ROOM = 100_000  # characters of a task; one that is too long for the model is refused by the node


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """One run over tasks that were laid out as `work`."""

    work: finding.Work
    settings: Settings
    generator: Generator
    sandbox: Sandbox
    reporter: Reporter
    outcomes: Outcomes

    def run(self, tasks: Sequence[Task]) -> dict[str, str]:
        """Keep an outcome a task; those that have none, and why.

        Raises:
            SuperchargeError: node or sandbox cannot be used.
        """
        by_stub = {task.stub_id: task for task in tasks}
        problems: dict[str, str] = {}

        def searched(outcome: Outcome, matrix: Matrix) -> None:
            task = by_stub[outcome.stub.id]
            try:
                self.outcomes.add(task, self._line(task, outcome, matrix))
            except (TaskError, SuperchargeError) as error:
                problems[task.id] = str(error)

        finished = session.Session(
            self.work,
            self.settings,
            sandbox=lambda: nullcontext(self.sandbox),
            generator=lambda: nullcontext(self.generator),
            reporter=self.reporter,
            hooks=session.Hooks(searched=searched),
        ).run()
        for outcome in finished.outcomes:
            if outcome.decision is Decision.ERROR:
                problems[by_stub[outcome.stub.id].id] = outcome.reason
        return problems

    def _line(self, task: Task, outcome: Outcome, matrix: Matrix) -> Line:
        """What became of a task, by the shipped fit: that is the one to be corrected."""
        judging.check(task, self.sandbox)
        evidence = matrix.evidence()
        found = agreement.assess(evidence, tau=self.settings.confidence)
        best = next((b for b in evidence.behaviours if b.id == found.best), None)
        line: Line = {
            "decision": outcome.decision.value,
            "probability": found.probability,
            "features": dict(found.features),
            "trusted": evidence.trusted_checks > 0,
            "seconds": round(outcome.seconds, 1),
        }
        if best is None or not found.probability:
            return line | {"right": None, "why": outcome.reason, "conditions": False, "judged": None}
        candidate = matrix.candidates[best.id]
        overlay = Ledger(self.work.sources, self.work.stubs).overlay([(matrix.stub, candidate)])
        right, why = judging.judge(task, self.sandbox, overlay[task.relpath])
        lacking = [*unmet(evidence, best, found.features, 1.0, self.settings.confidence)]
        return line | {"right": right, "why": why, "conditions": not lacking, "judged": self._judged(matrix, candidate)}

    def _judged(self, matrix: Matrix, candidate: Candidate) -> float | None:
        stub = matrix.stub
        described = context.describe(stub, self.work.sources[stub.relpath], max_chars=_ROOM)
        questions = Questioner(stub, described, seed=self.settings.seed, change=lambda question: question)
        return hear(self.generator, questions.judge(candidate))
