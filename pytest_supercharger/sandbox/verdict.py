"""What counts as a pass: the rules that turn facts of a slot into verdicts, on the host.

Only evidence makes a PASS; exit codes and printed text are none. What is missing or odd is INFRA, never PASS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_supercharger.domain import GeneratedTest, PairResult, Verdict
from pytest_supercharger.sandbox.canaries import Canary
from pytest_supercharger.sandbox.expected import expected_tests, matching
from pytest_supercharger.sandbox.facts import TEXT_LIMIT, Message, Odd, Run, clean, read_runs
from pytest_supercharger.sandbox.gate_verdict import gate_result
from pytest_supercharger.sandbox.probe_verdict import probe_result
from pytest_supercharger.sandbox.protocol import module_name
from pytest_supercharger.sandbox.stopping import stopped

__all__ = ["Screen", "expected_tests", "gate_result", "probe_result", "screen_result", "tests_results"]

_PASSED = ["passed", "passed", "passed"]  # setup, call, teardown
Finding = tuple[Verdict, str]


def tests_results(
    job: Mapping[str, Any],
    result: Mapping[str, Any],
    tests: Sequence[GeneratedTest],
    *canaries: Sequence[Canary],
) -> dict[str, PairResult]:
    """The verdicts of the isolated runs of `tests`, of the first ones only where the slot stopped early.

    `canaries`, if there are any, are those that ran after each of the tests in the same process.
    """
    try:
        runs = read_runs(job, result, most=len(tests))
    except Odd as error:
        return {test.id: PairResult(verdict=Verdict.INFRA, detail=f"sandbox: {error}") for test in tests}
    own = canaries or [()] * len(tests)
    return {test.id: _isolated(run, test, with_it) for test, run, with_it in zip(tests, runs, own, strict=False)}


def _isolated(run: Run, test: GeneratedTest, canaries: Sequence[Canary]) -> PairResult:
    file = f"{module_name(test)}.py"
    finding = stopped(run) or _failure(run, file) or _forgery(run) or _odd_set(run, test, file)
    finding = finding or _stray(run, {file}, canaries) or _sung(run, canaries)
    if finding is None and not _exit_fits(run, failures=False, canaries=canaries):
        finding = Verdict.FAIL, f"pytest ended with status {run.of('end')[0].fields['exit']}"
    verdict, detail = finding or (Verdict.PASS, "")
    return PairResult(verdict=verdict, detail=clean(detail), seconds=run.cpu, reached=_reached(run))


class Screen:
    """What a batch came to: the tests that passed in it, and those that were seen to fail."""

    def __init__(self) -> None:
        self.passed: dict[str, PairResult] = {}
        self.failed: set[str] = set()


def screen_result(
    job: Mapping[str, Any],
    result: Mapping[str, Any],
    tests: Sequence[GeneratedTest],
    canaries: Sequence[Canary] = (),
) -> Screen:
    """What one process that ran all of `tests` shows; nothing, unless it ended as an honest one does."""
    screen = Screen()
    try:
        runs = read_runs(job, result, most=1)
    except Odd:
        return screen
    run = runs[0]
    files = {f"{module_name(test)}.py": test for test in tests}
    if stopped(run) or _forgery(run) or _stray(run, set(files), canaries) or _sung(run, canaries):
        return screen
    for file, test in files.items():
        if _failure(run, file) or _odd_set(run, test, file):
            screen.failed.add(test.id)
        else:
            seconds = sum(float(message.fields["seconds"]) for message in _of_file(run, file))
            reached = _reached(run, file)
            screen.passed[test.id] = PairResult(verdict=Verdict.PASS, seconds=max(0.0, seconds), reached=reached)
    return screen if _exit_fits(run, failures=bool(screen.failed), canaries=canaries) else Screen()


def _of_file(run: Run, file: str) -> list[Message]:
    return [message for message in run.of("test") if message.text("node").partition("::")[0] == file]


def _reached(run: Run, file: str = "") -> frozenset[str]:
    reached = [m for m in run.of("reached") if not file or not m.text("node") or m.text("node").startswith(f"{file}::")]
    return frozenset(clean(message.text("stub"), 500) for message in reached)


def _failure(run: Run, file: str) -> Finding | None:
    for message in run.of("collect"):
        if message.text("node").partition("::")[0] == file:
            return _failed(message, message.text("detail").partition(":")[0], "could not be collected")
    for message in _of_file(run, file):
        if "odd" in message.fields:
            return Verdict.FAIL, message.text("odd")
        if message.fields["phases"] != _PASSED:
            return _failed(message, str(message.fields.get("error", "")), _phases_text(message))
    return None


def _failed(message: Message, error: str, otherwise: str) -> Finding:
    detail = str(message.fields.get("detail", "")) or otherwise
    where = str(message.fields.get("where", ""))
    verdict = Verdict.MEMORY if error == "MemoryError" else Verdict.FAIL
    return verdict, f"{clean(detail, TEXT_LIMIT - 310)}\nat {where}" if where else detail


def _phases_text(message: Message) -> str:
    phases = [str(phase) for phase in message.fields["phases"]]
    return "setup, call and teardown did not all pass: " + (", ".join(phases[:6]) or "none ended")


def _forgery(run: Run) -> Finding | None:
    ends = run.of("end")
    if not ends:
        return Verdict.FAIL, f"the process ended before the test did ({run.ending})"
    if len(ends) > 1 or not run.own_status:
        return Verdict.FAIL, f"the process did not end by itself ({run.ending}, {len(ends)} final reports)"
    end = ends[0].fields
    if end["exit"] not in (0, 1):
        return Verdict.FAIL, f"pytest ended with status {end['exit']}"
    if run.foreign or run.garbled:
        return Verdict.FAIL, "wrote to the channel of the test results"
    if run.leftover:
        return Verdict.FAIL, f"left {run.leftover} processes running"
    if "changed" not in end or end["changed"]:
        return Verdict.FAIL, f"changed what decides outcomes: {', '.join(end.get('changed', ['nothing is known']))}"
    return None


def _exit_fits(run: Run, *, failures: bool, canaries: Sequence[Canary]) -> bool:
    # A test that skips itself fails here and not to pytest, so that failures may go with either status.
    wanted = {1} if any(not canary.passes for canary in canaries) else {0, 1} if failures else {0}
    return run.of("end")[0].fields["exit"] in wanted


def _sung(run: Run, canaries: Sequence[Canary]) -> Finding | None:
    """Tests of ours that did not come to what they have to come to."""
    for canary in canaries:
        file = f"{module_name(canary.test)}.py"
        odd = _odd_set(run, canary.test, file)
        if odd or (_failure(run, file) is None) is not canary.passes:
            return Verdict.FAIL, "made a test of ours come to something else than it does"
    return None


def _odd_set(run: Run, test: GeneratedTest, file: str) -> Finding | None:
    nodes = [message.text("node") for message in _of_file(run, file)]
    collected = [node for node in run.of("end")[0].fields["collected"] if node.partition("::")[0] == file]
    if len(set(nodes)) != len(nodes) or sorted(nodes) != sorted(collected):
        return Verdict.FAIL, "reported other tests than it collected"
    expected = expected_tests(test.source)
    names = [node.partition("::")[2] for node in nodes]
    # A test that is not in the source is found as None, which nothing expects.
    if not names or {matching(name, expected) for name in names} != set(expected):
        seen = ", ".join(names[:5]) or "none"
        return Verdict.FAIL, f"ran other tests than the source has: {seen}; expected {', '.join(expected) or 'one'}"
    return None


def _stray(run: Run, files: set[str], canaries: Sequence[Canary]) -> Finding | None:
    """A word about a module that was not asked for."""
    asked = files | {f"{module_name(canary.test)}.py" for canary in canaries}
    nodes = [message.text("node") for message in (*run.of("test"), *run.of("collect"))]
    strays = {node for node in [*nodes, *run.of("end")[0].fields["collected"]] if node.partition("::")[0] not in asked}
    return (Verdict.FAIL, f"reported other tests than were asked for: {min(strays)}") if strays else None
