"""What the project's tests came to: the rules for a `gate` job, on the host."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_supercharger.domain import PairResult, Verdict
from pytest_supercharger.sandbox.base import GateResult
from pytest_supercharger.sandbox.facts import Message, Odd, Run, clean, read_runs
from pytest_supercharger.sandbox.stopping import failed, stopped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["gate_result"]

# Setup, call, teardown; a test that was expected to fail and ran to its end has run to its end.
_PASSED = (["passed", "passed", "passed"], ["passed", "xpassed", "passed"])
_NOT_RUN = {"skipped", "xfailed"}
_OK = (0, 1, 5)  # exit statuses of pytest: all passed, some failed, none collected
_MOST_FORKS = 20  # that PID 1 makes for one run


def gate_result(job: Mapping[str, Any], result: Mapping[str, Any]) -> GateResult:
    """What each project test came to, over all the forks that the run needed."""
    try:
        runs = read_runs(job, result, most=_MOST_FORKS)
    except Odd as error:
        return GateResult(problem=f"sandbox: {error}")
    tests: dict[str, PairResult] = {}
    skipped: set[str] = set()
    for run in runs:
        _gate_run(run, tests, skipped)
    imports = _reached_at_import(runs)
    # A conftest that calls a stub while it is imported stands above every test.
    everywhere = imports.pop("", frozenset())
    return GateResult(
        tests={
            node: replace(value, reached=value.reached | everywhere)
            for node, value in tests.items()
            if node not in skipped
        },
        skipped=frozenset(skipped),
        # What the conftest reaches is left out: a test that is skipped for the platform's sake has no part in it.
        skipped_after={node: tests[node].reached for node in sorted(skipped) if tests[node].reached},
        errors=_collect_errors(runs[-1]),
        reached_at_import=imports,
        reached_first=everywhere,
        problem=clean(_problem(runs, tests)),
    )


def _reached_at_import(runs: Sequence[Run]) -> dict[str, frozenset[str]]:
    imports: dict[str, set[str]] = {}
    for message in (message for run in runs for message in run.of("reached") if not message.text("node")):
        imports.setdefault(message.text("collector"), set()).add(clean(message.text("stub"), 500))
    return {node: frozenset(stubs) for node, stubs in imports.items()}


def _gate_run(run: Run, tests: dict[str, PairResult], skipped: set[str]) -> None:
    reached: dict[str, set[str]] = {}
    for message in run.of("reached"):
        reached.setdefault(message.text("node"), set()).add(clean(message.text("stub"), 500))
    for message in run.of("test"):
        node = message.text("node")
        phases = set(message.fields["phases"])
        if node in tests:
            tests[node] = PairResult(verdict=Verdict.FAIL, detail="was reported twice")
            continue
        if phases & _NOT_RUN and phases <= _NOT_RUN | {"passed", "xpassed"}:
            skipped.add(node)
        verdict, detail = _verdict(message)
        stubs = frozenset(reached.get(node, ()))
        seconds = float(message.fields["seconds"])
        tests[node] = PairResult(verdict=verdict, detail=clean(detail), seconds=max(0.0, seconds), reached=stubs)
    if run.unit and run.unit not in tests:
        verdict, detail = stopped(run) or (Verdict.FAIL, f"ended the process ({run.ending})")
        stubs = frozenset(reached.get(run.unit, ()))
        tests[run.unit] = PairResult(verdict=verdict, detail=clean(detail), seconds=run.cpu, reached=stubs)


def _verdict(message: Message) -> tuple[Verdict, str]:
    phases = [str(phase) for phase in message.fields["phases"]]
    if phases in _PASSED:
        return Verdict.PASS, ""
    otherwise = "setup, call and teardown did not all pass: " + (", ".join(phases[:6]) or "none ended")
    detail, where = str(message.fields.get("detail", "")) or otherwise, str(message.fields.get("where", ""))
    verdict, detail = failed(str(message.fields.get("error", "")), detail)
    return verdict, f"{clean(detail)}\nat {where}" if where else detail


def _collect_errors(run: Run) -> dict[str, str]:
    failed = [message for message in run.of("collect") if message.text("outcome") == "failed"]
    return {message.text("node"): clean(message.text("detail")) for message in failed}


def _problem(runs: Sequence[Run], tests: Mapping[str, PairResult]) -> str:
    last = runs[-1]
    ends = last.of("end")
    if any(run.foreign or run.garbled for run in runs):
        return "something wrote to the channel of the test results"
    if not ends and last.unit:
        return f"the run was given up at {last.unit}: {len(runs)} tests ended or stalled the process, or time ran out"
    if not ends:
        return (stopped(last) or (Verdict.FAIL, f"the process ended before the tests did ({last.ending})"))[1]
    if len(ends) > 1 or not last.own_status:
        return f"the run did not end by itself ({last.ending}, {len(ends)} final reports)"
    status = ends[0].fields["exit"]
    if status not in _OK:
        return f"pytest ended with status {status}: {ends[0].fields.get('tail', '')}".rstrip(": ")
    return ""
