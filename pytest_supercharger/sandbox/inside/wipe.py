"""Empties the folders that jobs may write to; built for trees made to resist: deep, unreadable, oddly named.

Runs when every process of the job is dead, so nothing moves under it. No name is ever followed: folders are opened
relative to their parent without following links, and a deep tree is flattened rather than descended into.
"""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Wiper", "mount_points", "wipe"]

_FOLDERS = ("/tmp", "/dev/shm", "/dev/mqueue", "/var/tmp", "/run/lock")
_JOB_FOLDER = "/tmp/p"  # what nearly every job leaves, and nothing else

_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Wiper:
    """Empties the folders of a slot between jobs, and looks closely only at file systems on which something is left."""

    def __init__(self) -> None:
        self._mounts = mount_points()
        self._folders = [folder for folder in _FOLDERS if os.access(folder, os.W_OK)]
        self._empty: dict[str, tuple[int, ...]] = {}
        self._modes = {folder: _mode(folder) for folder in self._folders}

    def add(self, folder: str) -> None:
        """Empty `folder` too from now on, where jobs may write to it."""
        if os.access(folder, os.W_OK) and folder not in self._folders:
            self._folders.append(folder)
            self._modes[folder] = _mode(folder)

    def wipe(self) -> bool:
        """Remove everything that jobs have written; whether that worked."""
        with contextlib.suppress(OSError):
            os.rmdir(_JOB_FOLDER)
        clean = True
        for folder in self._folders:
            if _mode(folder) != self._modes[folder]:
                os.chmod(folder, self._modes[folder])
            if self._empty.get(folder) != _used(folder):
                clean &= wipe(folder, self._mounts)
                self._note(folder, clean)
        return clean

    def _note(self, folder: str, clean: bool) -> None:
        used = _used(folder)
        # Only a file system of its own, that counts its files, can say by their number that nothing was added.
        if clean and used[0] and folder in self._mounts:
            self._empty.setdefault(folder, used)


def _mode(folder: str) -> int:
    return stat.S_IMODE(os.stat(folder).st_mode)


def _used(folder: str) -> tuple[int, ...]:
    facts = os.statvfs(folder)
    return facts.f_files - facts.f_ffree, facts.f_blocks - facts.f_bfree


def mount_points() -> frozenset[str]:
    """Where file systems are mounted; read once, before any job."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as stream:
        return frozenset(_unescape(line.split()[4]) for line in stream)


def _unescape(path: str) -> str:
    for code, char in (("040", " "), ("011", "\t"), ("012", "\n"), ("134", "\\")):
        path = path.replace(f"\\{code}", char)
    return path


def wipe(top: str, mounts: Iterable[str] = ()) -> bool:
    """Remove everything below `top` but the mount points and what leads to them; whether that worked."""
    keep = {parent for mount in mounts if mount.startswith(f"{top}/") for parent in _path_down(top, mount)}
    clean = True
    for folder in [top, *sorted(keep - set(mounts))]:
        try:
            fd = os.open(folder, _FLAGS)
        except FileNotFoundError:
            continue
        try:
            clean &= _empty(fd, {path.rpartition("/")[2] for path in keep if path.rpartition("/")[0] == folder})
        finally:
            os.close(fd)
    return clean


def _path_down(top: str, mount: str) -> list[str]:
    parts = mount[len(top) + 1 :].split("/")
    return ["/".join([top, *parts[: count + 1]]) for count in range(len(parts))]


def _empty(fd: int, keep: set[str]) -> bool:
    serial = 0
    while names := [name for name in os.listdir(fd) if name not in keep]:
        before = serial
        removed = 0
        for name in names:
            with contextlib.suppress(OSError):
                serial = _remove(fd, name, serial)
                removed += 1
        if not removed and serial == before:
            return False
    return True


def _remove(top: int, name: str, serial: int) -> int:
    if not stat.S_ISDIR(os.lstat(name, dir_fd=top).st_mode):
        os.unlink(name, dir_fd=top)
        return serial
    os.chmod(name, 0o700, dir_fd=top)
    folder = os.open(name, _FLAGS, dir_fd=top)
    try:
        for child in os.listdir(folder):
            if stat.S_ISDIR(os.lstat(child, dir_fd=folder).st_mode):
                serial = _lift(folder, child, top, serial)
            else:
                os.unlink(child, dir_fd=folder)
    finally:
        os.close(folder)
    os.rmdir(name, dir_fd=top)
    return serial


def _lift(folder: int, child: str, top: int, serial: int) -> int:
    # Moving a folder rewrites its "..", which needs write permission on the folder itself.
    os.chmod(child, 0o700, dir_fd=folder)
    present = set(os.listdir(top))
    serial += 1
    while f".wipe-{serial}" in present:
        serial += 1
    os.rename(child, f".wipe-{serial}", src_dir_fd=folder, dst_dir_fd=top)
    return serial
