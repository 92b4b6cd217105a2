"""`--supercharge-redo`: accepted functions are opened again, so that they can be filled anew."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from pytest_supercharger import evidence, fingerprints, shelf, source, stubs
from pytest_supercharger.domain import SourceFile
from pytest_supercharger.errors import SourceError
from pytest_supercharger.evidence import Record
from pytest_supercharger.finding import Work
from pytest_supercharger.writeback import unfill

__all__ = ["open_again"]


def open_again(work: Work, globs: Sequence[str], *, others: bool) -> Work:
    """The work with the functions that the globs name as stubs; without `others` those are all of its stubs.

    Raises:
        SettingsError: a glob names no function with evidence.
        SourceError: a function is gone, or cannot be opened.
    """
    chosen = evidence.matching(shelf.load_all(work.project.root), globs, flag="--supercharge-redo")
    open_already = {stub.id for stub in work.stubs}
    by_file: dict[str, list[Record]] = {}
    for record in chosen:
        if record.stub not in open_already:
            by_file.setdefault(record.relpath, []).append(record)
    again = {relpath: _opened(work, relpath, records) for relpath, records in by_file.items()}
    sources = work.sources | {relpath: file.marked for relpath, file in again.items()}
    found = tuple(stub for file in sources.values() for stub in stubs.find(file))
    wanted = {record.stub for record in chosen}
    if lost := sorted(wanted - {stub.id for stub in found}):
        raise _gone(lost[0], "is not where its evidence says")
    return replace(
        work,
        sources=sources,
        stubs=tuple(stub for stub in found if others or stub.id in wanted),
        problems=work.problems if others else (),
        again=again,
    )


def _opened(work: Work, relpath: str, records: Sequence[Record]) -> unfill.Again:
    if not (work.project.root / relpath).is_file():
        raise _gone(records[0].stub, f"{relpath} is not there any more")
    if work.project.root / relpath not in work.project.files:
        raise _gone(records[0].stub, f"{relpath} is not one of the project's own files")
    file = work.sources.get(relpath) or work.project.file(relpath)
    tree = source.parse(stubs.plain_text(file), name=relpath)
    return unfill.open_again(file, {_line(file, tree, record): record.options for record in records})


def _line(file: SourceFile, tree: ast.Module, record: Record) -> int:
    node = fingerprints.located(tree, record.known)
    if node is None:
        raise _gone(record.stub, f"{file.relpath} has no such function any more")
    return node.lineno


def _gone(stub_id: str, problem: str) -> SourceError:
    return SourceError(f"{stub_id}: {problem}; run pytest --supercharge-forget {stub_id}")
