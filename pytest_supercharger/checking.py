"""`--supercharge-check`: no model; is a stub left, and does accepted code still pass what it was accepted for?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from pytest_supercharger import evidence, fingerprints, running, shelf
from pytest_supercharger.dependencies import Dependencies
from pytest_supercharger.domain import GeneratedTest, Stub, Verdict
from pytest_supercharger.errors import SettingsError
from pytest_supercharger.finding import Work, is_chosen
from pytest_supercharger.options import Settings
from pytest_supercharger.ordering import InOrder
from pytest_supercharger.projecttests import judge
from pytest_supercharger.reopening import reopen
from pytest_supercharger.reporting import Reporter, clean
from pytest_supercharger.sandbox.base import Overlay, Sandbox
from pytest_supercharger.splitting import Splitting

__all__ = ["Checked", "check"]


@dataclass(slots=True, kw_only=True)
class Checked:
    """What the check of one function came to; `say` notes and prints a line about it."""

    stub: str
    relpath: str
    reporter: Reporter
    filled: bool = True
    passes: bool = True
    edited: bool = False
    lines: list[str] = field(default_factory=list)

    def say(self, line: str) -> None:
        """Tell something that is no failure."""
        self.lines.append(line)
        self.reporter.line(f"{self.stub}: {line}")

    def entry(self) -> dict[str, object]:
        """The same for scripts."""
        return {
            "stub": self.stub,
            "file": self.relpath,
            "filled": self.filled,
            "passes": self.passes,
            "edited": self.edited,
            "lines": [clean(line) for line in self.lines],
        }

    def fail(self, line: str) -> None:
        """Tell why the function does not pass its check."""
        self.passes = False
        self.say(line)


def check(
    work: Work,
    open_sandbox: Callable[[], AbstractContextManager[Sandbox]],
    reporter: Reporter,
    settings: Settings,
) -> tuple[Checked, ...]:
    """Whether no stub is left and every accepted function passes its evidence; says what does not.

    Raises:
        SettingsError: nothing was chosen to be checked.
        SourceError: an evidence record is damaged.
        SandboxError: there is no sandbox to run the evidence in.
    """
    root, only = work.project.root, settings.only
    left = tuple(_left_open(stub, reporter) for stub in work.stubs if is_chosen(stub.id, only))
    records = [record for record in shelf.load_all(root) if is_chosen(record.stub, only)]
    if only and not left and not records:
        raise SettingsError(f"--supercharge-only {' '.join(only)} matches no stub and no evidence; correct it")
    if not records:
        reporter.line("no evidence to check")
        return left
    with open_sandbox() as sandbox:
        doubts = running.doubts(sandbox, _places(root, records))
        dependencies = Dependencies(sandbox, settings.install, report=reporter.line)
        splitting = Splitting(sandbox, level=settings.level, seed=settings.seed, report=reporter.line)
        stubbed, order = _reopened(root, records), InOrder(sandbox, settings.gate or None)
        found = [Checked(stub=record.stub, relpath=record.relpath, reporter=reporter) for record in records]
        for record, checked in zip(records, found, strict=True):
            _bring_along(record, root, dependencies, checked)
        for record, checked in zip(records, found, strict=True):
            if record.stub in doubts:
                checked.say(f"cannot be checked on this machine: {doubts[record.stub]}")
            else:
                _replay(record, root, splitting, stubbed, checked, order)
    good = sum(checked.passes for checked in found)
    reporter.line(f"{good} of {len(found)} accepted functions pass their evidence")
    return (*left, *found)


def _left_open(stub: Stub, reporter: Reporter) -> Checked:
    line = "is not filled; run pytest --supercharge"
    reporter.line(f"{stub.relpath}:{stub.line}: {stub.id} {line}")
    return Checked(stub=stub.id, relpath=stub.relpath, reporter=reporter, filled=False, passes=False, lines=[line])


def _bring_along(record: evidence.Record, root: Path, dependencies: Dependencies, checked: Checked) -> None:
    """Fetch, or say what is missing of, that which the function had when it was accepted; its tests tell the rest.

    It fails where a file of the same name is not the one of then: no index may put another one in its place.
    """
    path = root / record.relpath
    if not record.wheels or not path.is_file():
        return
    code = GeneratedTest(id=record.stub, name="", source=path.read_text("utf-8", errors="replace"))
    dependencies.refusal(code)
    now = dependencies.wheels(code)
    for file in sorted(record.wheels.keys() - now.keys()):
        others = [name for name in now if _distribution(name) == _distribution(file)]
        if others:
            checked.say(f"was accepted with {file}, and is checked with {', '.join(others)}")
    changed = [file for file, digest in sorted(record.wheels.items()) if now.get(file, digest) != digest]
    for file in changed:
        checked.fail(f"{file} is not the file it was accepted with: its SHA-256 is now {now[file]}")


def _distribution(wheel: str) -> str:
    return wheel.partition("-")[0].lower()


def _places(root: Path, records: Sequence[evidence.Record]) -> Iterator[running.Place]:
    for record in records:
        path = root / record.relpath
        if path.is_file():
            known, data = record.known, path.read_bytes()
            yield running.Place(
                id=record.stub, module=record.module, qualname=known.qualname, number=known.number, data=data
            )


def _reopened(root: Path, records: Sequence[evidence.Record]) -> dict[str, bytes]:
    """The files as a test sees them that is run apart from the functions: with all of these open again."""
    names: dict[str, list[fingerprints.Known]] = {}
    for record in records:
        names.setdefault(record.relpath, []).append(record.known)
    files = {relpath: root / relpath for relpath in names}
    return {key: reopen(path.read_bytes(), names[key]) for key, path in files.items() if path.is_file()}


def _replay(
    record: evidence.Record, root: Path, splitting: Splitting, stubbed: Overlay, checked: Checked, order: InOrder
) -> None:
    path = root / record.relpath
    data = path.read_bytes() if path.is_file() else b""
    now = fingerprints.of(data, record.known)
    if now is None:
        checked.fail(f"{record.relpath} has no such function any more; run pytest --supercharge-forget {record.stub}")
        return
    if record.specification and record.specification != now.specification:
        checked.fail(
            "its signature or docstring has changed since it was accepted; run pytest --supercharge-redo "
            f"{record.stub}, or --supercharge-forget {record.stub} to keep the body as your own"
        )
    elif record.function_hash != now.function:
        checked.edited = True
        checked.say("edited by hand since it was accepted")
    tests = record.as_tests()
    results = splitting.run({}, tests, isolated=True, stubbed=stubbed)
    for test in tests:
        if (result := results[test.id]).verdict is not Verdict.PASS:
            checked.fail(f"{test.name}: {result.verdict.value}: {result.detail}")
    ran = _replay_gate(record, order, checked)
    if not tests and not ran:
        checked.fail(
            "nothing of its evidence could be run; make a test of it run here, or run pytest --supercharge-redo"
        )


def _replay_gate(record: evidence.Record, order: InOrder, checked: Checked) -> bool:
    """Run the project tests it was accepted for; the project may skip them here, which is said. Whether any ran."""
    if not record.gate:
        return False
    gate = record.gate
    result = order.run({}, gate)
    verdict = judge(result, gate, result.skipped)
    if order.widen({}, gate, verdict.failures, lambda wider: judge(wider, gate, wider.skipped).spoke):
        result = order.run({}, gate)
        verdict = judge(result, gate, result.skipped)
    for node, reason in verdict.failures.items():
        checked.fail(f"{node} fails: {reason}")
    for stub in sorted(verdict.blocked):
        checked.say(f"its project tests cannot speak while {stub} is not filled")
    if verdict.infra:
        checked.fail(f"its project tests gave no answer: {verdict.infra}")
    if skipped := sorted(result.skipped & set(record.gate)):
        checked.say(f"{len(skipped)} of its {len(record.gate)} project tests are skipped here: {skipped[0]}")
    return bool(verdict.spoke)
