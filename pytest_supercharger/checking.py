"""`--supercharge-check`: no model; is a stub left, and does accepted code still pass what it was accepted for?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from pytest_supercharger import evidence
from pytest_supercharger.dependencies import Dependencies
from pytest_supercharger.domain import GeneratedTest, Verdict
from pytest_supercharger.options import Settings
from pytest_supercharger.projecttests import judge
from pytest_supercharger.reopening import reopen
from pytest_supercharger.reporting import Reporter
from pytest_supercharger.sandbox.base import Overlay, Sandbox
from pytest_supercharger.session import Work
from pytest_supercharger.splitting import Splitting

__all__ = ["check"]


def check(
    work: Work,
    open_sandbox: Callable[[], AbstractContextManager[Sandbox]],
    reporter: Reporter,
    settings: Settings,
) -> bool:
    """Whether no stub is left and every accepted function passes its evidence; says what does not.

    Raises:
        SourceError: an evidence record is damaged.
        SandboxError: there is no sandbox to run the evidence in.
    """
    for stub in work.stubs:
        reporter.line(f"{stub.relpath}:{stub.line}: {stub.id} is not filled; run pytest --supercharge")
    records = evidence.load_all(work.project.root)
    if not records:
        reporter.line("no evidence to check")
        return not work.stubs
    with open_sandbox() as sandbox:
        dependencies = Dependencies(sandbox, settings.install, report=reporter.line)
        splitting = Splitting(sandbox, level=settings.level, seed=settings.seed, report=reporter.line)
        stubbed = _reopened(work.project.root, records)
        brought = [_bring_along(record, work.project.root, dependencies, reporter) for record in records]
        held = [_holds(record, work.project.root, splitting, stubbed, reporter) for record in records]
    good = [*map(all, zip(brought, held, strict=True))]
    reporter.line(f"{sum(good)} of {len(good)} accepted functions pass their evidence")
    return all(good) and not work.stubs


def _bring_along(record: evidence.Record, root: Path, dependencies: Dependencies, reporter: Reporter) -> bool:
    """Fetch, or say what is missing of, that which the function had when it was accepted; its tests tell the rest.

    False where a file of the same name is not the one of then: no index may put another one in its place.
    """
    path = root / record.relpath
    if not record.wheels or not path.is_file():
        return True
    code = GeneratedTest(id=record.stub, name="", source=path.read_text("utf-8", errors="replace"))
    dependencies.refusal(code)
    now = dependencies.wheels(code)
    for file in sorted(record.wheels.keys() - now.keys()):
        others = [name for name in now if _distribution(name) == _distribution(file)]
        if others:
            reporter.line(f"{record.stub}: was accepted with {file}, and is checked with {', '.join(others)}")
    changed = [file for file, digest in sorted(record.wheels.items()) if now.get(file, digest) != digest]
    for file in changed:
        reporter.line(f"{record.stub}: {file} is not the file it was accepted with: its SHA-256 is now {now[file]}")
    return not changed


def _distribution(wheel: str) -> str:
    return wheel.partition("-")[0].lower()


def _reopened(root: Path, records: Sequence[evidence.Record]) -> dict[str, bytes]:
    """The files as a test sees them that is run apart from the functions: with all of these open again."""
    names: dict[str, list[str]] = {}
    for record in records:
        names.setdefault(record.relpath, []).append(record.qualname)
    files = {relpath: root / relpath for relpath in names}
    return {key: reopen(path.read_bytes(), names[key]) for key, path in files.items() if path.is_file()}


def _holds(record: evidence.Record, root: Path, splitting: Splitting, stubbed: Overlay, reporter: Reporter) -> bool:
    path = root / record.relpath
    now = evidence.function_hash(path.read_bytes(), record.qualname) if path.is_file() else None
    if now is None:
        reporter.line(f"{record.stub}: {record.relpath} has no such function any more; delete its evidence")
        return False
    if now != record.function_hash:
        reporter.line(f"{record.stub}: edited by hand since it was accepted")
    tests = record.as_tests()
    results = splitting.run({}, tests, isolated=True, stubbed=stubbed)
    failed = [(test.name, results[test.id]) for test in tests if results[test.id].verdict is not Verdict.PASS]
    for name, result in failed:
        reporter.line(f"{record.stub}: {name}: {result.verdict.value}: {result.detail}")
    return _gate_holds(record, splitting.sandbox, reporter) and not failed


def _gate_holds(record: evidence.Record, sandbox: Sandbox, reporter: Reporter) -> bool:
    """Whether the project tests it was accepted for still run and pass; the project may skip them here."""
    if not record.gate:
        return True
    result = sandbox.gate({}, record.gate)
    verdict = judge(result, record.gate, result.skipped)
    for node, reason in verdict.failures.items():
        reporter.line(f"{record.stub}: {node} fails: {reason}")
    for stub in sorted(verdict.blocked):
        reporter.line(f"{record.stub}: its project tests cannot speak while {stub} is not filled")
    if verdict.infra:
        reporter.line(f"{record.stub}: its project tests gave no answer: {verdict.infra}")
    return verdict.passed
