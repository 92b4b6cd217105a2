"""Where the evidence of a project lies, and how it gets there and away."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

from pytest_supercharger.errors import SourceError
from pytest_supercharger.evidence import Record, from_text, to_text
from pytest_supercharger.writeback import temporaries

__all__ = ["load_all", "remove", "restore", "save", "state"]

FOLDER = Path(".supercharge") / "evidence"
_FORMER = Path(".supercharger") / "evidence"  # where versions 1 to 3 are, all in one folder


def load_all(root: Path) -> tuple[Record, ...]:
    """Every record of the project, by stub id; one of old counts until there is a new one.

    Raises:
        SourceError: a record is damaged.
    """
    paths = [*sorted((root / _FORMER).glob("*.json")), *sorted((root / FOLDER).glob("*/*.json"))]
    found = {record.stub: record for record in (_load(root, path) for path in paths)}
    return tuple(found[stub] for stub in sorted(found))


def save(root: Path, record: Record) -> Path:
    """Write the record, whole or not at all; it is on the disk when this returns. One of old goes.

    Raises:
        SourceError: the folder cannot be written.
    """
    path = _path(root, record)
    try:
        new = not path.parent.is_dir()
        path.parent.mkdir(parents=True, exist_ok=True)
        temporaries.put(path, to_text(record).encode())
        if new:
            for folder in (path.parent.parent, root / FOLDER.parent):
                temporaries.sync_directory(folder)
        _former(root, record).unlink(missing_ok=True)
    except OSError as error:
        raise SourceError(f"{path} cannot be written ({error.strerror}); make the folder writable") from None
    return path


def state(root: Path, record: Record) -> dict[Path, bytes | None]:
    """What lies where the record goes, for `restore`."""
    paths = (_path(root, record), _former(root, record))
    return {path: path.read_bytes() if path.is_file() else None for path in paths}


def restore(before: Mapping[Path, bytes | None]) -> None:
    """Undo a `save`, as far as the disk allows; the error that led here is the one to tell."""
    for path, data in before.items():
        with contextlib.suppress(OSError):
            if data is not None:
                temporaries.put(path, data)
            else:
                path.unlink(missing_ok=True)


def remove(root: Path, record: Record) -> Path:
    """Delete the record.

    Raises:
        SourceError: the folder cannot be written.
    """
    path, former = _path(root, record), _former(root, record)
    there = [one for one in (path, former) if one.exists()] or [path]
    try:
        for one in there:
            one.unlink()
    except OSError as error:
        raise SourceError(f"{there[0]} cannot be deleted ({error.strerror}); make the folder writable") from None
    with contextlib.suppress(OSError):
        path.parent.rmdir()  # where it was the last of its module
    return there[0]


def _path(root: Path, record: Record) -> Path:
    module, _, name = record.stub.partition(":")
    return root / FOLDER / module / f"{name}.json"


def _former(root: Path, record: Record) -> Path:
    return root / _FORMER / f"{record.stub.replace(':', '-')}.json"


def _load(root: Path, path: Path) -> Record:
    try:
        record = from_text(path.read_text(encoding="utf-8"))
        # Records come with a checkout: what they say must not lead to other files than these.
        if path not in (_path(root, record), _former(root, record)):
            raise ValueError(f"it is about {record.stub!r}, which has another file")
        return record
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} is not an evidence record ({error}); delete it or restore it") from None
