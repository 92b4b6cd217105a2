"""Accepted candidates on disk, so that an interrupted run loses none: the next one verifies and writes them."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pytest_supercharger.domain import Candidate
from pytest_supercharger.errors import SourceError
from pytest_supercharger.writeback import files, temporaries

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

__all__ = ["Entry", "append", "clear", "folder", "read"]

FOLDER = ".supercharge"
NAME = "journal.jsonl"
# The journal is this machine's business; the evidence is made to be committed.
_IGNORED = "*\n!.gitignore\n!/evidence/\n!/evidence/*/\n!/evidence/*/*.json\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An accepted outcome that is not in the source file yet."""

    stub_id: str
    relpath: str
    sha256: str  # of the file when the candidate was accepted
    candidate: Candidate
    probability: float
    reason: str
    evidence: str  # the record that goes beside the project once the candidate is written
    together: Mapping[str, str] = field(default_factory=dict)  # stubs it was chosen with -> ids of their candidates


def folder(root: Path) -> Path:
    """Return the project's `.supercharge` folder, made if need be, all of it but the evidence hidden from git."""
    path = root / FOLDER
    try:
        if not path.is_dir():
            path.mkdir(exist_ok=True)
            temporaries.sync_directory(root)
        ignore = path / ".gitignore"
        if not ignore.exists():
            temporaries.put(ignore, _IGNORED.encode("ascii"))
    except OSError as error:
        raise _problem(path, error) from error
    return path


def append(root: Path, entry: Entry) -> None:
    """Add one accepted outcome; it is on the disk when this returns."""
    path = folder(root) / NAME
    line = json.dumps(asdict(entry), ensure_ascii=True).encode("ascii") + b"\n"
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0), 0o600)
        try:
            size = os.fstat(fd).st_size
            # A run that was killed while writing left half a line; the new entry must not become its tail.
            if size and os.pread(fd, 1, size - 1) != b"\n":
                line = b"\n" + line
            temporaries.write(fd, line)
            if not size:
                temporaries.sync_directory(path.parent)
        finally:
            os.close(fd)
    except OSError as error:
        raise _problem(path, error) from error


def read(root: Path) -> tuple[Entry, ...]:
    """Return the entries, the newest a stub; lines that were cut short are passed over."""
    path = root / FOLDER / NAME
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise _problem(path, error) from error
    newest: dict[str, Entry] = {}
    for line in data.split(b"\n"):
        entry = _entry(line)
        if entry is not None:
            newest.pop(entry.stub_id, None)
            newest[entry.stub_id] = entry
    return tuple(newest.values())


def clear(root: Path, ids: Collection[str]) -> None:
    """Forget the entries of these stubs and those for another state of their file, in one step.

    The journal goes with its last entry, and what killed processes have left of it goes too.
    """
    path = root / FOLDER / NAME
    if not path.parent.is_dir():
        return
    known = read(root)
    left = [entry for entry in known if entry.stub_id not in ids and _is_for_this_file(root, entry)]
    # Those chosen with one that is left stay, written or not: it is nothing without them.
    needed = {name for entry in left for name in entry.together}
    kept = [entry for entry in known if entry in left or entry.stub_id in needed]
    try:
        temporaries.sweep(path)
        if len(kept) == len(known):
            return
        if not kept:
            path.unlink()
            return
        data = b"".join(json.dumps(asdict(entry)).encode("ascii") + b"\n" for entry in kept)
        temporaries.put(path, data, mode=0o600)
    except OSError as error:
        raise _problem(path, error) from error


def _is_for_this_file(root: Path, entry: Entry) -> bool:
    try:
        return files.sha256((root / entry.relpath).read_bytes()) == entry.sha256
    except OSError:
        return False


def _entry(line: bytes) -> Entry | None:
    try:
        found = json.loads(line)
        candidate = found["candidate"]
        texts = [found[name] for name in ("stub_id", "relpath", "sha256", "reason", "evidence")]
        texts += [candidate[name] for name in ("id", "text_id", "body")]
        together = dict(found.get("together", {}))
        texts += [*candidate["imports"], *candidate["helpers"], *together, *together.values()]
        if not all(isinstance(text, str) for text in texts):
            return None
        path = PurePosixPath(found["relpath"])
        if path.is_absolute() or ".." in path.parts:
            return None  # a journal comes with a checkout: it must not lead to other files
        return Entry(
            stub_id=found["stub_id"],
            relpath=found["relpath"],
            sha256=found["sha256"],
            candidate=Candidate(
                id=candidate["id"],
                text_id=candidate["text_id"],
                body=candidate["body"],
                imports=tuple(candidate["imports"]),
                helpers=tuple(candidate["helpers"]),
            ),
            probability=float(found["probability"]),
            reason=found["reason"],
            evidence=found["evidence"],
            together=together,
        )
    except (ValueError, KeyError, TypeError):
        return None


def _problem(path: Path, error: OSError) -> SourceError:
    return SourceError(f"{path} cannot be used ({error.strerror or error}); make it readable and writable")
