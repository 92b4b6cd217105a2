"""One task: the real search, what other rules choose from the same samples, and which of these choices are right."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

from pytest_supercharger import agreement, finding, session
from pytest_supercharger.asking import NoAnswer
from pytest_supercharger.calibrating import judging
from pytest_supercharger.calibrating.tasks import Task, TaskError
from pytest_supercharger.clean.candidate import clean
from pytest_supercharger.domain import Candidate, Decision, GeneratedTest, Outcome, Question, QuestionKind, Stub
from pytest_supercharger.ledger import Ledger
from pytest_supercharger.matrix import Matrix
from pytest_supercharger.options import Settings
from pytest_supercharger.reporting import Reporter
from pytest_supercharger.sandbox.base import Sandbox
from solving import rules
from solving.judging import Judge
from solving.recorded import Recorded, Use

__all__ = ["Bench", "SearchFailed", "run"]

_ANSWERS_IN_A_SUITE = 4
_GREEDY_SECONDS = 600.0
_JUDGE_SECONDS = 600.0


class SearchFailed(TaskError):
    """The search ended in an error of its own: nothing is answered, and the fault is ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What all tasks share."""

    work: finding.Work
    sandbox: Sandbox
    generator: Recorded
    settings: Settings
    reporter: Reporter


def run(task: Task, judge: Judge, bench: Bench) -> dict[str, Any]:
    """What became of a task, as a line of the results.

    Raises:
        TaskError: it has no result: it, the search, or the sandbox is broken.
    """
    judging.check(task, bench.sandbox)
    begin, cost = time.monotonic(), len(bench.generator.used[task.stub_id])
    outcome, matrix, asked = _search(task, bench)
    seconds = time.monotonic() - begin
    used = bench.generator.used[task.stub_id][cost:]
    chosen = _ours(outcome, matrix, bench.settings)
    ledger = Ledger(bench.work.sources, bench.work.stubs)
    rules.complete(matrix, ledger, bench.sandbox)  # after ours: it must not see more than the search saw

    def right(candidate: Candidate) -> bool:
        return judge.right(ledger.overlay([(matrix.stub, candidate)])[task.relpath])

    correct = {key: right(candidate) for key, candidate in matrix.candidates.items()}
    greedy, greedy_use = _greedy(asked, task, matrix.stub, bench)
    chosen |= _others(task, matrix, bench)
    rows = {name: {"answered": key is not None, "right": correct.get(key or "", False)} for name, key in chosen.items()}
    rows["greedy"] = {"answered": greedy is not None, "right": greedy is not None and right(greedy)}
    return {
        "decision": outcome.decision.value,
        "reason": outcome.reason,
        "probability": round(outcome.probability, 4),
        "rules": rows,
        "cost": _cost(used),
        "greedy_cost": _cost(greedy_use),
        "candidates": matrix.drawn.total(),
        "right_candidates": sum(count for key, count in matrix.drawn.items() if correct[key]),
        "any_right": any(correct[key] for key in matrix.drawn),
        "trusted": len(matrix.trusted),
        "rejections": matrix.unused(),
        "seconds": round(seconds, 2) if all(use.live for use in used) else None,
    }


def _search(task: Task, bench: Bench) -> tuple[Outcome, Matrix, Question]:
    """What `pytest --supercharge-dry-run` does, for one stub; the first code question is what greedy is asked."""
    found: list[tuple[Outcome, Matrix]] = []
    asked: list[Question] = []

    def note(question: Question) -> Question:
        asked.append(question)
        return question

    finished = session.Session(
        finding.select(bench.work, [task.stub_id]),
        bench.settings,
        sandbox=lambda: nullcontext(bench.sandbox),
        generator=lambda: nullcontext(bench.generator),
        reporter=bench.reporter,
        hooks=session.Hooks(question=note, searched=lambda outcome, matrix: found.append((outcome, matrix))),
    ).run()
    reason = finished.outcomes[0].reason
    if reason.startswith("internal error"):
        raise SearchFailed(reason)
    first = next((question for question in asked if question.kind is QuestionKind.CODE), None)
    if not found or first is None:
        raise TaskError(f"the search failed: {reason}")
    return finished.outcomes[0], found[0][1], first


def _greedy(asked: Question, task: Task, stub: Stub, bench: Bench) -> tuple[Candidate | None, Sequence[Use]]:
    """One answer at temperature 0."""
    before = len(bench.generator.used[task.stub_id])
    question = replace(asked, temperature=0.0, top_p=1.0, seed=0)
    answers = [
        answer for _, answer in bench.generator.generate([question], samples=1, deadline_seconds=_GREEDY_SECONDS)
    ]
    if not answers:
        raise TaskError("the node gave no greedy answer")
    alone = Matrix(stub=stub, trusted=())
    alone.add_code(clean(answers[0], stub, task.source, style=bench.work.project.style()))
    return next(iter(alone.candidates.values()), None), bench.generator.used[task.stub_id][before:]


def _ours(outcome: Outcome, matrix: Matrix, settings: Settings) -> dict[str, str | None]:
    accepted = outcome.candidate if outcome.decision is Decision.ACCEPTED else None
    best = agreement.assess(matrix.evidence(), tau=settings.confidence).best
    return {"accepted": accepted.id if accepted else None, "top-1": accepted.id if accepted else best}


def _others(task: Task, matrix: Matrix, bench: Bench) -> dict[str, str | None]:
    def judge(candidate: Candidate, test: GeneratedTest) -> float:
        question = rules.judge_question(matrix.stub, task.source.encode(), candidate, test)
        return bench.generator.judge([question], deadline_seconds=_JUDGE_SECONDS)[0]

    chosen = {
        "first pair": rules.first_pair(matrix, None),
        "CodeT": rules.codet(matrix, examples=False),
        "CodeT, examples": rules.codet(matrix, examples=True),
    }
    try:
        chosen["first pair, judge"] = rules.first_pair(matrix, judge)
    except NoAnswer as error:
        bench.reporter.line(f"{task.id}: the seed's rule goes without a judge: {error}")
    return chosen


def _cost(used: Sequence[Use]) -> dict[str, float]:
    """Samples, tokens, and the seconds in which at least one answer was being made."""
    kinds = [use.kind for use in used]
    busy = reached = 0.0
    for use in sorted(used, key=lambda use: use.begin):
        busy += max(0.0, use.end - max(use.begin, reached))
        reached = max(reached, use.end)
    return {
        "codes": kinds.count("code") + kinds.count("repair"),
        "suites": (kinds.count("test") + kinds.count("improve_test")) / _ANSWERS_IN_A_SUITE,
        "tokens": sum(use.tokens for use in used),
        "model_seconds": round(busy, 2),
    }
