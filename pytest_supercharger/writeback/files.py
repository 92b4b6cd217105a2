"""Replace source files so that a crash at any moment leaves each one wholly old or wholly new.

Order: check every file, write every temporary file beside its target, check again, only then rename. A full disk or a
missing right therefore shows up before the first target changes. What a killed process has left beside a target is
removed by the next write of that target.
"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_supercharger.errors import SourceError
from pytest_supercharger.writeback import temporaries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Change", "RealFiles", "apply", "check", "sha256"]


def sha256(data: bytes) -> str:
    """Return the hex digest by which a file's content is known."""
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """New bytes for a file, good only while the file still has the content they were made from."""

    path: Path  # absolute; may be a symbolic link, then its target is replaced and the link stays
    old_sha256: str
    new: bytes


class RealFiles:
    """The operations on the disk, one method each, so that a test can fail or die at any of them."""

    def resolve(self, path: Path) -> Path:
        """Return the file behind symbolic links."""
        return path.resolve(strict=True)

    def stat(self, path: Path) -> os.stat_result:
        """Return what is at `path`, without following a link."""
        return path.lstat()

    def can_write(self, path: Path) -> bool:
        """Say whether this process may write to `path`."""
        return os.access(path, os.W_OK)

    def read(self, path: Path) -> bytes:
        """Return the content of a file."""
        return path.read_bytes()

    def create(self, path: Path) -> int:
        """Open a file that must not exist yet, private to this user."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)

    def write(self, fd: int, data: bytes) -> int:
        """Write some of `data` and return how much."""
        return os.write(fd, data)

    def own(self, fd: int, uid: int, gid: int) -> None:
        """Give an open file to a user and a group."""
        os.fchown(fd, uid, gid)

    def mode(self, fd: int, mode: int) -> None:
        """Set the permission bits of an open file."""
        os.fchmod(fd, mode)

    def sync(self, fd: int) -> None:
        """Wait until an open file is on the disk."""
        os.fsync(fd)

    def close(self, fd: int) -> None:
        """Close an open file."""
        os.close(fd)

    def replace(self, source: Path, target: Path) -> None:
        """Rename `source` over `target` in one step."""
        source.replace(target)

    def sync_directory(self, path: Path) -> None:
        """Wait until the names in a directory are on the disk."""
        temporaries.sync_directory(path)

    def siblings(self, path: Path) -> list[Path]:
        """Return what lies in the folder of `path`."""
        return [*path.parent.iterdir()]

    def is_running(self, pid: int) -> bool:
        """Say whether there is another process of this number."""
        return temporaries.is_running(pid)

    def remove(self, path: Path) -> None:
        """Delete a file."""
        path.unlink()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    change: Change
    path: Path  # the regular file itself
    status: os.stat_result


def check(changes: Sequence[Change], fs: RealFiles | None = None) -> None:
    """Raise `SourceError` unless every change could be written now."""
    _targets(changes, fs or RealFiles())


def apply(changes: Sequence[Change], fs: RealFiles | None = None) -> None:
    """Write every change, or raise `SourceError`; a file is never left half-written.

    Mode and owner are kept. The times are not: with an old time a stale `.pyc` would win over the new source.
    """
    fs = fs or RealFiles()
    targets = _targets(changes, fs)
    made: dict[Path, Path] = {}
    written: list[str] = []
    try:
        for target in targets:
            _sweep(target, fs)
        for target in targets:
            _prepare(target, made, fs)
        for target in targets:
            _check_unchanged(target, fs)
        for target in targets:
            _check_unchanged(target, fs)
            fs.replace(made[target.path], target.path)
            del made[target.path]
            written.append(str(target.change.path))
        for folder in dict.fromkeys(target.path.parent for target in targets):
            fs.sync_directory(folder)
    except OSError as error:
        done = f"written before that: {', '.join(written)}" if written else "no file was changed"
        raise SourceError(f"cannot write the filled sources: {error}; {done}; then run pytest again") from error
    finally:
        for temporary in made.values():
            _discard(temporary, fs)


def _targets(changes: Sequence[Change], fs: RealFiles) -> list[_Target]:
    targets: list[_Target] = []
    for change in changes:
        try:
            target = _target(change, fs)
        except OSError as error:
            raise _refusal(change, f"cannot be read ({error.strerror or error})", "restore it") from error
        if any(target.path == other.path for other in targets):
            raise _refusal(change, "is reached by two names in one write", "fill one of them at a time")
        targets.append(target)
    return targets


def _target(change: Change, fs: RealFiles) -> _Target:
    path = fs.resolve(change.path)
    status = fs.stat(path)
    if not stat.S_ISREG(status.st_mode):
        raise _refusal(change, "is not a regular file", "keep stubs in regular files")
    # Root may write to any file, so the permission bits are asked as well: read-only is a wish to be respected.
    if not status.st_mode & 0o222 or not fs.can_write(path):
        raise _refusal(change, "is read-only", "make it writable")
    if not fs.can_write(path.parent):
        raise _refusal(change, f"lies in {path.parent}, which is read-only", "make the directory writable")
    if os.geteuid() not in (0, status.st_uid):
        raise _refusal(change, f"belongs to another user (uid {status.st_uid})", "take ownership of it")
    target = _Target(change=change, path=path, status=status)
    _check_unchanged(target, fs)
    return target


def _check_unchanged(target: _Target, fs: RealFiles) -> None:
    status = fs.stat(target.path)
    same_file = (status.st_dev, status.st_ino) == (target.status.st_dev, target.status.st_ino)
    if not same_file or sha256(fs.read(target.path)) != target.change.old_sha256:
        raise _refusal(target.change, "changed on disk since it was read", "save your work")


def _refusal(change: Change, problem: str, step: str) -> SourceError:
    return SourceError(f"{change.path} {problem}; it was not written; {step} and run pytest again")


def _sweep(target: _Target, fs: RealFiles) -> None:
    """Remove the temporary files of processes that have ended; one that still writes keeps its own."""
    for path in fs.siblings(target.path):
        pid = temporaries.writer_of(path.name, target.path)
        if pid is not None and not fs.is_running(pid):
            _discard(path, fs)


def _prepare(target: _Target, made: dict[Path, Path], fs: RealFiles) -> None:
    path = temporaries.beside(target.path)
    fd = fs.create(path)
    made[target.path] = path
    try:
        data = memoryview(target.change.new)
        while data:
            data = data[fs.write(fd, data.tobytes()) :]
        created = os.fstat(fd)
        # Owner before mode: changing the owner clears the set-user-id bits.
        if (created.st_uid, created.st_gid) != (target.status.st_uid, target.status.st_gid):
            fs.own(fd, target.status.st_uid, target.status.st_gid)
        fs.mode(fd, stat.S_IMODE(target.status.st_mode))
        fs.sync(fd)
    finally:
        fs.close(fd)


def _discard(path: Path, fs: RealFiles) -> None:
    try:
        fs.remove(path)
    except OSError:
        # The error that brought us here is the one to show; a leftover is hidden, and never collected by pytest.
        return
