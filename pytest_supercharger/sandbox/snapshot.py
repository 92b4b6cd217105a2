"""A copy of the project for the sandbox: what tests need, none of what nobody outside should read."""

from __future__ import annotations

import contextlib
import fnmatch
import os
import shutil
import stat
import tempfile
from dataclasses import dataclass, field
from importlib.util import MAGIC_NUMBER, cache_from_source
from pathlib import Path

from pytest_supercharger.errors import SandboxError
from pytest_supercharger.foreign import OF_TOOLS
from pytest_supercharger.sandbox.reaper import OWNER_FILE, SNAPSHOT_PREFIX, ClientIdentity

__all__ = ["Snapshot", "take"]

MEBI = 1024 * 1024
_FILE_LIMIT = 32 * MEBI
_TOTAL_LIMIT = 1024 * MEBI

# fmt: off
# Left out aloud: a test may miss them.
_SECRET_FOLDERS = frozenset((".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".gcloud"))
_SECRET_FILES = (
    ".env", ".env.*", ".envrc", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.asc",
    "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", ".netrc", ".pypirc", ".npmrc", ".pgpass", ".htpasswd",
    ".git-credentials", "pip.conf",
)
# fmt: on


@dataclass(slots=True, kw_only=True)
class Snapshot:
    """A folder that holds the copy, and what was left out of it and why."""

    folder: Path  # private to this user; holds `tree`
    tree: Path  # the copy, readable by everyone who is let in
    bytes: int = 0
    files: int = 0
    left_out: dict[str, str] = field(default_factory=dict)  # path relative to the project -> reason

    def remove(self) -> None:
        """Delete the copy; silent where it is gone already."""
        shutil.rmtree(self.folder, ignore_errors=True)


def take(project: Path, *, parent: Path | None = None) -> Snapshot:
    """Copy `project`; its symbolic links stay where they lead to something that is copied too."""
    folder = Path(tempfile.mkdtemp(prefix=SNAPSHOT_PREFIX, dir=parent))
    (folder / OWNER_FILE).write_text(str(ClientIdentity.current()), "ascii")
    snapshot = Snapshot(folder=folder, tree=folder / "tree")
    try:
        _Copy(project.resolve(), snapshot).folder("")
    except OSError as error:
        snapshot.remove()
        raise SandboxError(
            f"the project {project} cannot be copied for the sandbox: {error.strerror}: {error.filename}"
        ) from None
    except BaseException:
        snapshot.remove()
        raise
    return snapshot


class _Copy:
    def __init__(self, project: Path, snapshot: Snapshot) -> None:
        self._project = project
        self._snapshot = snapshot
        self._device = project.stat().st_dev

    def folder(self, relative: str) -> None:
        target = self._snapshot.tree / relative
        target.mkdir()
        target.chmod(0o755)
        try:
            with os.scandir(self._project / relative) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except PermissionError:
            self._leave_out(relative, "not readable")
            return
        for entry in found:
            self._entry(entry, f"{relative}/{entry.name}" if relative else entry.name)

    def _entry(self, entry: os.DirEntry[str], relative: str) -> None:
        status = entry.stat(follow_symlinks=False)
        if entry.is_symlink():
            self._link(relative)
        elif stat.S_ISDIR(status.st_mode):
            if self._wants_folder(entry, status, relative):
                self.folder(relative)
        elif not stat.S_ISREG(status.st_mode):
            self._leave_out(relative, "not an ordinary file")
        elif _is_secret(entry.name):
            self._leave_out(relative, "may hold a secret")
        elif status.st_size > _FILE_LIMIT:
            self._leave_out(relative, f"larger than {_FILE_LIMIT // MEBI} MiB")
        else:
            self._file(relative)

    def _wants_folder(self, entry: os.DirEntry[str], status: os.stat_result, relative: str) -> bool:
        # Without a word: no test of a project reads them.
        if entry.name in OF_TOOLS or Path(entry.path, "pyvenv.cfg").exists():
            return False
        if entry.name in _SECRET_FOLDERS:
            self._leave_out(relative, "may hold a secret")
        elif status.st_dev != self._device:
            self._leave_out(relative, "another file system")
        else:
            return True
        return False

    def _file(self, relative: str) -> None:
        target = self._snapshot.tree / relative
        try:
            # No name is followed or waited for, should it have become something else since it was listed.
            source = os.open(self._project / relative, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except PermissionError:
            self._leave_out(relative, "not readable")
            return
        with os.fdopen(source, "rb") as reader, target.open("xb") as writer:
            status = os.fstat(source)
            shutil.copyfileobj(reader, writer, MEBI)
        # Readable by everyone who is let in; what its owner may not write stays so, and tools stay tools.
        target.chmod(0o444 | status.st_mode & stat.S_IWUSR | (0o111 if status.st_mode & 0o111 else 0))
        os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
        self._snapshot.files += 1
        self._add(status.st_size)
        if relative.endswith(".py"):
            self._compiled(relative, status)

    def _compiled(self, relative: str, status: os.stat_result) -> None:
        """Copy what the interpreter has made of a module, so that no job has to compile it again."""
        made = Path(cache_from_source(str(self._project / relative)))
        folder = (self._snapshot.tree / relative).parent / "__pycache__"
        with contextlib.suppress(OSError):  # nothing is lost but speed
            data = made.read_bytes()
            if data.startswith(_header(status)):
                folder.mkdir(exist_ok=True)
                folder.chmod(0o755)
                (folder / made.name).write_bytes(data)
                (folder / made.name).chmod(0o444)
                self._add(len(data))

    def _add(self, size: int) -> None:
        self._snapshot.bytes += size
        if self._snapshot.bytes > _TOTAL_LIMIT:
            raise SandboxError(
                f"the project {self._project} is larger than {_TOTAL_LIMIT // MEBI} MiB, more than the sandbox takes; "
                "move its data out of the project or run pytest in a smaller root"
            )

    def _link(self, relative: str) -> None:
        source = self._project / relative
        end = Path(os.path.realpath(source))
        if not end.is_relative_to(self._project) or not end.exists():
            self._leave_out(relative, "a link that leaves the project or leads nowhere")
            return
        # Relative whatever it was: the copy stands in two places, and neither is this one.
        hop = Path(os.path.normpath(source.parent / source.readlink()))
        if not hop.is_relative_to(self._project):
            hop = end
        target = os.path.relpath(hop, source.parent)
        (self._snapshot.tree / relative).symlink_to(target)

    def _leave_out(self, relative: str, reason: str) -> None:
        self._snapshot.left_out[relative] = reason


def _header(status: os.stat_result) -> bytes:
    """How the compiled form of this very version of a file begins, as of `py_compile`; never of one checked by hash."""
    words = (0, int(status.st_mtime), status.st_size)
    return MAGIC_NUMBER + b"".join((word & 0xFFFFFFFF).to_bytes(4, "little") for word in words)


def _is_secret(name: str) -> bool:
    lowered = name.lower()
    return any(fnmatch.fnmatchcase(lowered, pattern) for pattern in _SECRET_FILES)
