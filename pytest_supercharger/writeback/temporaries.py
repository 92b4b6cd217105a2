"""Files that stand beside their target until they are whole, and what killed processes have left of them."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SUFFIX", "beside", "is_running", "put", "sweep", "sync_directory", "write", "writer_of"]

SUFFIX = ".supercharger-tmp"
# Stubs are decided in threads of one process, and a sweep takes what stands under this process's number.
_TURN = threading.RLock()
_STEM = 40  # characters of the target's name: with all that follows, no file system finds the whole too long


def beside(target: Path) -> Path:
    """Return a fresh name for a temporary file of this process, hidden, in the folder of its target."""
    return target.with_name(f"{_prefix(target)}{os.getpid()}-{secrets.token_hex(8)}{SUFFIX}")


def writer_of(name: str, target: Path) -> int | None:
    """Return the number of the process that made this temporary file for `target`; None where it is something else."""
    found = re.fullmatch(rf"{re.escape(_prefix(target))}(\d+)-[0-9a-f]+{re.escape(SUFFIX)}", name)
    return int(found[1]) if found else None


def is_running(pid: int) -> bool:
    """Say whether another process of this number runs; in a container this one may have the number of a dead one."""
    if pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def put(path: Path, data: bytes, *, mode: int | None = None, new: bool = False) -> None:
    """Write a file of our own, whole or not at all; it is on the disk when this returns.

    `mode`: its permissions; None: those of any new file. `new`: one that is there already stays.

    Raises:
        FileExistsError: one that is to be new is there.
        OSError: it cannot be written; an older one is still there.
    """
    with _TURN:
        sweep(path)
        _put(path, data, mode, new)


def sweep(path: Path) -> None:
    """Remove what processes that have ended left beside this file."""
    with _TURN:
        for other in [*path.parent.iterdir()]:
            pid = writer_of(other.name, path)
            if pid is not None and not is_running(pid):
                other.unlink(missing_ok=True)


def write(fd: int, data: bytes) -> None:
    """Write all of `data` to an open file and wait until it is on the disk."""
    while data:
        data = data[os.write(fd, data) :]
    os.fsync(fd)


def sync_directory(path: Path) -> None:
    """Wait until the names in a directory are on the disk."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _prefix(target: Path) -> str:
    return f".{target.name[:_STEM]}."


def _put(path: Path, data: bytes, mode: int | None, new: bool) -> None:
    temporary = beside(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
    fd = os.open(temporary, flags, 0o666 if mode is None else mode & 0o600)
    try:
        try:
            if mode is not None:
                os.fchmod(fd, mode)  # whatever the mask of this process is
            write(fd, data)
        finally:
            os.close(fd)
        if new:
            os.link(temporary, path)
            temporary.unlink()
        else:
            temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    sync_directory(path.parent)
