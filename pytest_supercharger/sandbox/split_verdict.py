"""What counts as a pass of a split run: the test's half says it, and the candidate's half can only spoil it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_supercharger.domain import GeneratedTest, PairResult, Verdict
from pytest_supercharger.sandbox.facts import Odd, Run, clean, read_runs
from pytest_supercharger.sandbox.stopping import stopped
from pytest_supercharger.sandbox.verdict import tests_results

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["split_result", "too_much"]


def split_result(job: Mapping[str, Any], result: Mapping[str, Any], test: GeneratedTest) -> PairResult:
    """The verdict of one split run of `test`; NOT_ENCODABLE when it uses what the halves cannot tell each other."""
    try:
        mine, other = (_only_run(job[half], result[half]) for half in ("test", "candidate"))
    except Odd as error:
        return PairResult(verdict=Verdict.INFRA, detail=f"sandbox: {error}")
    verdict = tests_results(job["test"], result["test"], [test])[test.id]
    reached = frozenset(clean(message.text("stub"), 500) for message in other.of("reached"))
    verdict = replace(verdict, seconds=verdict.seconds + other.cpu, reached=reached)
    for rule in (_limits, _said, _ending):
        finding = rule(mine, other)
        if finding is not None:
            return replace(verdict, verdict=finding[0], detail=clean(finding[1]))
    return verdict


def too_much(job: Mapping[str, Any], result: Mapping[str, Any], *, rehearsals: int) -> str | None:
    """What a test has too much of whatever it hears; "" where one of its rehearsals does not say so or has no end.

    None where a rehearsal could not be judged.
    """
    try:
        runs = read_runs(job, result)
    except Odd:
        return None
    if any(verdict is Verdict.INFRA for verdict, _ in filter(None, map(stopped, runs))):
        return None
    said = [[message.text("detail") for message in run.of("unencodable") if _ended(run)] for run in runs]
    return clean(said[0][0]) if len(runs) == rehearsals and all(said) else ""


def _ended(run: Run) -> bool:
    return run.ended_itself and stopped(run) is None


def _only_run(job: Mapping[str, Any], result: Mapping[str, Any]) -> Run:
    return read_runs(job, result, most=1)[0]


def _limits(mine: Run, other: Run) -> tuple[Verdict, str] | None:
    # The candidate's first: the test may have come to a limit while it waited.
    return stopped(other) or stopped(mine)


def _said(mine: Run, other: Run) -> tuple[Verdict, str] | None:
    for message in mine.of("broken"):
        return Verdict.FAIL, f"the candidate's process said what none says: {message.text('detail')}"
    for message in mine.of("unencodable"):
        return Verdict.NOT_ENCODABLE, message.text("detail")
    return None


def _ending(mine: Run, other: Run) -> tuple[Verdict, str] | None:
    if not other.ended_itself:
        return Verdict.FAIL, f"the candidate's process did not end by itself ({other.ending})"
    if other.leftover:
        return Verdict.FAIL, f"left {other.leftover} processes running"
    return None
