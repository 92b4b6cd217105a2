"""What a run that is cut short leaves for the next one: its accepted functions, with the evidence for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pytest_supercharger import effects, evidence
from pytest_supercharger.bench import Bench
from pytest_supercharger.domain import Candidate, Decision, GeneratedTest, Outcome, SourceFile, Stub, Verdict
from pytest_supercharger.errors import SourceError
from pytest_supercharger.options import Settings
from pytest_supercharger.sandbox.base import Overlay
from pytest_supercharger.writeback import files, journal

__all__ = ["keep", "kept"]


def keep(root: Path, source: SourceFile, outcome: Outcome, record: evidence.Record) -> None:
    """Note an acceptance in the journal of the project; it is on the disk when this returns."""
    assert outcome.candidate is not None, "only accepted outcomes are kept"
    entry = journal.Entry(
        stub_id=outcome.stub.id,
        relpath=outcome.stub.relpath,
        sha256=files.sha256(source.data),
        candidate=outcome.candidate,
        probability=outcome.probability,
        reason=outcome.reason,
        evidence=evidence.to_text(record),
    )
    journal.append(root, entry)


def kept(
    root: Path,
    sources: Mapping[str, SourceFile],
    stubs: Sequence[Stub],
    settings: Settings,
    bench: Bench,
) -> Iterator[tuple[Outcome, evidence.Record]]:
    """Yield what an earlier run accepted, where the file is the same, this run would accept it and all still passes.

    In the order of acceptance, so that a function comes after those it needs; each is settled in the ledger first.
    """
    by_id = {stub.id: stub for stub in stubs}
    for entry in journal.read(root):
        stub = by_id.get(entry.stub_id)
        if stub is None or not _suffices(entry, stub, sources[stub.relpath], settings):
            continue
        try:
            record = evidence.from_text(entry.evidence)
            overlay = bench.ledger.overlay([(stub, entry.candidate)])
        except (ValueError, SourceError):
            continue  # not one of ours, or not for this file: the stub is simply searched again
        code: list[Candidate | GeneratedTest] = [entry.candidate, *record.as_tests()]
        if any(bench.dependencies.refusal(part) for part in code):
            continue
        allow = frozenset(settings.allow) | bench.dependencies.modules()
        if _is_declared(entry, stub, sources[stub.relpath], allow) and _passes(overlay, record, bench):
            record = replace(record, wheels=bench.dependencies.wheels(entry.candidate))
            outcome = _outcome(stub, entry, record)
            yield bench.ledger.settle(replace(outcome, needs=bench.dependencies.needed(entry.candidate))), record


def _suffices(entry: journal.Entry, stub: Stub, source: SourceFile, settings: Settings) -> bool:
    """Whether the entry is for this file, and good enough for the settings of this run; those may be stricter."""
    if entry.sha256 != files.sha256(source.data):
        return False
    confidence = stub.options.get("confidence", settings.confidence)
    assert isinstance(confidence, int | float), "stubs.find checks the options"
    return entry.probability >= confidence


def _is_declared(entry: journal.Entry, stub: Stub, source: SourceFile, allow: frozenset[str]) -> bool:
    try:
        return not effects.undeclared(entry.candidate, source.data, allow=allow, stub=stub)
    except SyntaxError:
        return False


def _passes(overlay: Overlay, record: evidence.Record, bench: Bench) -> bool:
    results = bench.splitting.run(overlay, record.as_tests(), isolated=True)
    passed = all(result.verdict is Verdict.PASS for result in results.values())
    return passed and bench.tests.gate(overlay, [record.stub]).passed


def _outcome(stub: Stub, entry: journal.Entry, record: evidence.Record) -> Outcome:
    return Outcome(
        stub=stub,
        decision=Decision.ACCEPTED,
        reason=f"{entry.reason} (kept from an interrupted run)",
        probability=entry.probability,
        candidate=entry.candidate,
        candidates=record.candidates,
        tests=len(record.tests) + len(record.gate),
        samples=record.samples,
        mutation=record.mutation,
    )
