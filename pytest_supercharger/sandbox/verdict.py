"""What counts as a pass: the rules that turn facts of a slot into verdicts, on the host.

Only evidence makes a PASS; exit codes and printed text are none. What is missing or odd is INFRA, never PASS.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from pytest_supercharger import parsing
from pytest_supercharger.domain import GeneratedTest, PairResult, Verdict
from pytest_supercharger.sandbox.facts import TEXT_LIMIT, Message, Odd, Run, clean, read_runs
from pytest_supercharger.sandbox.gate_verdict import gate_result
from pytest_supercharger.sandbox.probe_verdict import probe_result
from pytest_supercharger.sandbox.stopping import failed, stopped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["expected_tests", "gate_result", "probe_result", "tests_result"]

_PASSED = ["passed", "passed", "passed"]  # setup, call, teardown


def tests_result(job: Mapping[str, Any], result: Mapping[str, Any], test: GeneratedTest) -> PairResult:
    """The verdict of one isolated run of `test`."""
    try:
        runs = read_runs(job, result)
        if len(runs) != 1:
            raise Odd(f"{len(runs)} runs of one test")
    except Odd as error:
        return PairResult(verdict=Verdict.INFRA, detail=f"sandbox: {error}")
    run = runs[0]
    verdict, detail = stopped(run) or _judge(run, test)
    reached = frozenset(clean(message.text("stub"), 500) for message in run.of("reached"))
    return PairResult(verdict=verdict, detail=clean(detail), seconds=run.cpu, reached=reached)


def _judge(run: Run, test: GeneratedTest) -> tuple[Verdict, str]:
    for check in (_failure, _forgery, _odd_set):
        finding = check(run, test)
        if finding is not None:
            return finding
    return Verdict.PASS, ""


def _failure(run: Run, test: GeneratedTest) -> tuple[Verdict, str] | None:
    for message in run.of("collect"):
        return _failed(message, message.text("detail").partition(":")[0], "could not be collected")
    for message in run.of("test"):
        if message.fields["phases"] != _PASSED:
            return _failed(message, str(message.fields.get("error", "")), _phases_text(message))
    return None


def _failed(message: Message, error: str, otherwise: str) -> tuple[Verdict, str]:
    detail = str(message.fields.get("detail", "")) or otherwise
    where = str(message.fields.get("where", ""))
    verdict, detail = failed(error, detail)
    return verdict, f"{clean(detail, TEXT_LIMIT - 310)}\nat {where}" if where else detail


def _phases_text(message: Message) -> str:
    phases = [str(phase) for phase in message.fields["phases"]]
    return "setup, call and teardown did not all pass: " + (", ".join(phases[:6]) or "none ended")


def _forgery(run: Run, test: GeneratedTest) -> tuple[Verdict, str] | None:
    ends = run.of("end")
    if not ends:
        return Verdict.FAIL, f"the process ended before the test did ({run.ending})"
    if len(ends) > 1 or not run.own_status:
        return Verdict.FAIL, f"the process did not end by itself ({run.ending}, {len(ends)} final reports)"
    if ends[0].fields["exit"] != 0:
        return Verdict.FAIL, f"pytest ended with status {ends[0].fields['exit']}"
    if run.foreign or run.garbled:
        return Verdict.FAIL, "wrote to the channel of the test results"
    if run.leftover:
        return Verdict.FAIL, f"left {run.leftover} processes running"
    return None


def _odd_set(run: Run, test: GeneratedTest) -> tuple[Verdict, str] | None:
    nodes = [message.text("node") for message in run.of("test")]
    collected = run.of("end")[0].fields["collected"]
    if len(set(nodes)) != len(nodes) or sorted(nodes) != sorted(collected):
        return Verdict.FAIL, "reported other tests than it collected"
    expected = expected_tests(test.source)
    names = [node.partition("::")[2] for node in nodes]
    # A test that is not in the source is found as None, which nothing expects.
    if not names or {_matches(name, expected) for name in names} != set(expected):
        seen = ", ".join(names[:5]) or "none"
        return Verdict.FAIL, f"ran other tests than the source has: {seen}; expected {', '.join(expected) or 'one'}"
    return None


def _matches(name: str, expected: Mapping[str, bool]) -> str | None:
    if name in expected:
        return name
    base = name.partition("[")[0]
    return base if expected.get(base) and name.endswith("]") else None


def expected_tests(source: str) -> dict[str, bool]:
    """The tests that pytest has to find in `source`, each with whether it may be parametrised."""
    try:
        tree = parsing.module(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    wide = any(isinstance(node, ast.keyword) and node.arg == "params" for node in ast.walk(tree))
    expected: dict[str, bool] = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            many = wide or bool(node.decorator_list)
            expected.update({f"{node.name}::{name}": flag or many for name, flag in _functions(node.body, own=1)})
        else:
            expected.update({name: flag or wide for name, flag in _functions([node], own=0)})
    return expected


def _functions(body: Sequence[ast.stmt], *, own: int) -> list[tuple[str, bool]]:
    functions = [node for node in body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return [
        (node.name, bool(node.decorator_list) or len(node.args.args) + len(node.args.kwonlyargs) > own)
        for node in functions
        if node.name.startswith("test")
    ]
