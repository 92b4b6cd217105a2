"""What a run that is cut short leaves for the next one: its accepted functions, with the evidence for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pytest_supercharger import acceptance, effects, evidence, fingerprints
from pytest_supercharger.bench import Bench
from pytest_supercharger.domain import Candidate, Decision, GeneratedTest, Outcome, SourceFile, Stub, Verdict
from pytest_supercharger.errors import SourceError
from pytest_supercharger.options import Settings
from pytest_supercharger.sandbox.base import Overlay
from pytest_supercharger.writeback import files, journal

__all__ = ["keep", "kept"]


def keep(root: Path, read: bytes, outcome: Outcome, record: evidence.Record) -> None:
    """Note an acceptance in the journal of the project; it is on the disk when this returns.

    `read` is the file as the run has read it: should it have changed meanwhile, the entry is for nothing.
    """
    assert outcome.candidate is not None, "only accepted outcomes are kept"
    entry = journal.Entry(
        stub_id=outcome.stub.id,
        relpath=outcome.stub.relpath,
        sha256=files.sha256(read),
        candidate=outcome.candidate,
        probability=outcome.probability,
        reason=outcome.reason,
        evidence=evidence.to_text(record),
        together=outcome.together,
    )
    journal.append(root, entry)


def kept(
    root: Path,
    sources: Mapping[str, SourceFile],
    stubs: Sequence[Stub],
    settings: Settings,
    bench: Bench,
    refuse: Callable[[Outcome], str | None] = lambda outcome: None,
    read: Callable[[str], bytes] | None = None,
) -> Iterator[tuple[Outcome, evidence.Record]]:
    """Yield what an earlier run accepted, where the file is the same, this run would accept it and all still passes.

    In the order of acceptance, so that a function comes after those it needs; each is settled in the ledger first.
    Those that were chosen together come back together, with the very bodies that were chosen, or not at all: two
    interrupted runs may have made two choices, and half of each may be what is left. `refuse` says why an outcome is
    not wanted; its stub, and all that was chosen with it, is searched again. `read` gives a file as it was read, where
    that is not what `sources` hold: functions that are filled again are open in memory only.
    """
    by_id = {stub.id: stub for stub in stubs}
    entries = {entry.stub_id: entry for entry in journal.read(root)}
    seen: set[str] = set()
    for entry in entries.values():
        if entry.stub_id in seen or entry.stub_id not in by_id or not _is_whole(entry, entries):
            continue
        # The power may have gone between two files: the others of a choice are open, or have their bodies.
        circle = [name for name in (entry.stub_id, *entry.together) if not _is_written(root, entries[name])]
        seen |= set(circle)
        if not by_id.keys() >= set(circle):
            continue
        known = [(by_id[name], entries[name]) for name in circle]
        data = {stub.relpath: read(stub.relpath) if read else sources[stub.relpath].data for stub, _ in known}
        if all(_suffices(one, stub, data[stub.relpath], settings) for stub, one in known):
            recalled = _recalled(known, sources, settings, bench)
            refusals = [refuse(outcome) for outcome, _ in recalled]  # each is asked about
            if all(reason is None for reason in refusals):
                for outcome, record in recalled:
                    yield bench.ledger.settle(outcome), record


def _is_whole(entry: journal.Entry, entries: Mapping[str, journal.Entry]) -> bool:
    """Whether all that was chosen together with this entry is there, and was chosen with the same."""
    choice = _choice(entry)
    return all(stub_id in entries and _choice(entries[stub_id]) == choice for stub_id in choice)


def _is_written(root: Path, entry: journal.Entry) -> bool:
    """Whether the function stands in its file as it was accepted."""
    try:
        record = evidence.from_text(entry.evidence)
        found = fingerprints.of((root / entry.relpath).read_bytes(), record.known)
    except (OSError, ValueError):
        return False
    return found is not None and found.function == record.function_hash


def _choice(entry: journal.Entry) -> dict[str, str]:
    return {**entry.together, entry.stub_id: entry.candidate.id}


def _recalled(
    circle: Sequence[tuple[Stub, journal.Entry]], sources: Mapping[str, SourceFile], settings: Settings, bench: Bench
) -> list[tuple[Outcome, evidence.Record]]:
    """The outcomes of entries that stand and fall together; none where one of them does not hold any more."""
    try:
        records = [evidence.from_text(entry.evidence) for _, entry in circle]
        overlay = bench.ledger.overlay([(stub, entry.candidate) for stub, entry in circle])
    except (ValueError, SourceError):
        return []  # not one of ours, or not for this file: the stubs are simply searched again
    found = []
    for (stub, entry), record in zip(circle, records, strict=True):
        code: list[Candidate | GeneratedTest] = [entry.candidate, *record.as_tests()]
        if any(bench.dependencies.refusal(part) for part in code):
            return []
        allow = frozenset(settings.allow) | bench.dependencies.modules()
        if not (_is_declared(entry, stub, sources[stub.relpath], allow) and _passes(overlay, record, bench)):
            return []
        record = replace(record, wheels=bench.dependencies.wheels(entry.candidate))
        names = {other.id for other, _ in circle} - {stub.id}
        outcome = _outcome(stub, entry, record, {name: text for name, text in entry.together.items() if name in names})
        found.append((replace(outcome, needs=bench.dependencies.needed(entry.candidate)), record))
    return found


def _suffices(entry: journal.Entry, stub: Stub, data: bytes, settings: Settings) -> bool:
    """Whether the entry is for this file, and good enough for the settings of this run; those may be stricter."""
    if entry.sha256 != files.sha256(data) or entry.relpath != stub.relpath:
        return False
    confidence = stub.options.get("confidence", settings.confidence)
    assert isinstance(confidence, int | float), "stubs.find checks the options"
    try:
        record = evidence.from_text(entry.evidence)
    except ValueError:
        return False
    if (record.stub, record.relpath) != (stub.id, stub.relpath):
        return False  # a journal comes with a checkout: what it says must not lead to other tests or files
    vouched = bool(record.gate) or any(test.trusted for test in record.tests)
    return entry.probability >= acceptance.threshold(confidence, trusted=vouched)


def _is_declared(entry: journal.Entry, stub: Stub, source: SourceFile, allow: frozenset[str]) -> bool:
    try:
        code, taken = entry.candidate, source.marks.taken
        return not effects.undeclared(code, source.data, allow=allow, stub=stub, markers=taken)
    except SyntaxError:
        return False


def _passes(overlay: Overlay, record: evidence.Record, bench: Bench) -> bool:
    """Whether all that there is to be run passes, and there is something: project tests may be gone since."""
    results = bench.splitting.run(overlay, record.as_tests(), isolated=True)
    passed = all(result.verdict is Verdict.PASS for result in results.values())
    gate = bench.tests.gate(overlay, [record.stub])
    return passed and gate.passed and bool(record.tests or gate.spoke)


def _outcome(stub: Stub, entry: journal.Entry, record: evidence.Record, together: Mapping[str, str]) -> Outcome:
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
        together=together,
    )
