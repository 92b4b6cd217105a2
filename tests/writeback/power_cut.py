"""Cut the power at every file operation of the real write: `power_cut.py FOLDER` leaves one project a cut in there.

Each cut happens in a fork of its own. What was written and not synced is lost. Where names of files were not synced
with their folder, there is a second project in which these are lost as well.
"""

from __future__ import annotations

import builtins
import io
import itertools
import os
import sys
from pathlib import Path

from pytest_supercharger import evidence, remembering, stubs, writing
from pytest_supercharger.domain import Candidate, Decision, Outcome, SourceFile
from pytest_supercharger.writeback import edits, files

OPERATIONS = (
    *("access", "chmod", "chown", "close", "fchmod", "fchown", "fsync", "listdir", "lstat", "mkdir", "open", "pread"),
    *("readlink", "remove", "rename", "replace", "rmdir", "scandir", "stat", "truncate", "unlink", "utime", "write"),
)
IMPORT = b"from pytest_supercharger import supercharge\r\n"
STUB = b'\r\n\r\n@supercharge\r\ndef %s(x):\r\n    """Do."""\r\n    raise NotImplementedError'
OLD = {"a.py": IMPORT + STUB % b"f" + STUB % b"g", "real/b.py": IMPORT + STUB % b"h" + b"\r\n"}
OWNER, MODE = (1234, 2345) if os.geteuid() == 0 else (os.geteuid(), os.getegid()), 0o640
CUT, CUT_BEFORE_NAMES = 77, 78


def source(root: Path, name: str) -> SourceFile:
    return SourceFile(path=root / name, relpath=name, module=Path(name).stem, data=(root / name).read_bytes())


def outcome(stub: stubs.Stub) -> Outcome:
    candidate = Candidate(id=stub.name, text_id=stub.name, body="return os.path.join(x)\n", imports=("import os",))
    return Outcome(stub=stub, decision=Decision.ACCEPTED, reason="all agree", probability=0.97, candidate=candidate)


def record(found: Outcome, data: bytes) -> evidence.Record:
    given = {"probability": 0.97, "model": "m", "candidates": 3, "samples": 5, "tests": (), "gate": ()}
    return evidence.make(found.stub, found.candidate, data, **given)


def old_project(root: Path) -> None:
    """Two files with three stubs, one behind a link, and a third one."""
    (root / "real").mkdir(parents=True)
    for name, data in OLD.items():
        (root / name).write_bytes(data)
        os.chown(root / name, *OWNER)
        (root / name).chmod(MODE)
    (root / "b.py").symlink_to("real/b.py")
    (root / "c.py").write_bytes(OLD["real/b.py"])


def begin(root: Path) -> None:
    """The first acceptance of a project, in the third file."""
    file = source(root, "c.py")
    kept = outcome(*stubs.find(file))
    remembering.keep(root, file.data, kept, record(kept, file.data))


def write(root: Path) -> None:
    """What a run does from its first acceptance on, over the stubs that are open."""
    changes, outcomes, records = [], [], {}
    for name in ("a.py", "b.py"):
        file = source(root, name)
        found = [outcome(stub) for stub in stubs.find(file)]
        new = edits.fill(file.data, [(one.stub, one.candidate) for one in found])
        for one in found:
            records[one.stub.id] = record(one, new)
            remembering.keep(root, file.data, one, records[one.stub.id])
        if found:
            changes.append(files.Change(path=file.path, old_sha256=files.sha256(file.data), new=new))
        outcomes += found
    _, problems = writing.write(root, changes, outcomes, records, tell=lambda outcome, path: None)
    assert not problems, problems


class Disk:
    """The file operations of this process, until the power is cut at one of them."""

    def __init__(self, root: Path, at: int, *, loses_names: bool) -> None:
        self._root, self._at, self._loses_names = root, at, loses_names
        self._count = 0
        self._unsynced: set[tuple[int, int]] = set()
        self._named: list[tuple[Path | None, Path]] = []  # a second link to the old file, if any, and its name
        self._real = {name: getattr(os, name) for name in OPERATIONS}

    def watch(self) -> None:
        for name in OPERATIONS:
            setattr(os, name, self._counted(name))
        builtins.open = io.open = self._open

    def _counted(self, name):
        def operation(*args, **kwargs):
            self._tick(name, args)
            return self._real[name](*args, **kwargs)

        return operation

    def _open(self, file, mode="r", *args, real=io.open, **kwargs):
        assert isinstance(file, int) or set(mode) <= set("rbt"), f"{file} is written where no sync is seen"
        self._tick("open", (file,))
        return real(file, mode, *args, **kwargs)

    def _tick(self, name, args) -> None:
        self._count += 1
        if self._count == self._at:
            if name == "write":
                self._real["write"](args[0], bytes(args[1])[: len(args[1]) // 2])
            self._cut()
        if name in ("fsync", "write"):
            status = os.fstat(args[0])
            known = (status.st_dev, status.st_ino)
            self._unsynced = self._unsynced | {known} if name == "write" else self._unsynced - {known}
            if name == "fsync":
                self._named = [pair for pair in self._named if not self._is_in(pair[1], status)]
        elif name in ("replace", "rename"):
            self._keep_old_name(Path(args[1]))
        elif name == "open" and len(args) > 1 and args[1] & os.O_CREAT and not self._exists(args[0]):
            self._named.append((None, Path(args[0])))

    def _is_in(self, path: Path, folder: os.stat_result) -> bool:
        return os.path.samestat(folder, self._real["stat"](path.parent))

    def _exists(self, path: Path) -> bool:
        try:
            self._real["lstat"](path)
        except FileNotFoundError:
            return False
        return True

    def _keep_old_name(self, target: Path) -> None:
        kept = self._root.with_name(f"{self._root.name}-old-{self._count}") if self._exists(target) else None
        if kept:
            os.link(target, kept)
        self._named.append((kept, target))

    def _cut(self) -> None:
        for name in OPERATIONS:
            setattr(os, name, self._real[name])
        for folder, _, names in os.walk(self._root):
            for name in names:
                status = os.lstat(Path(folder, name))
                if (status.st_dev, status.st_ino) in self._unsynced:
                    os.truncate(Path(folder, name), status.st_size // 2)
        for kept, target in reversed(self._named if self._loses_names else ()):
            if kept:
                kept.replace(target)
            else:
                target.unlink(missing_ok=True)
        os._exit(CUT_BEFORE_NAMES if self._named else CUT)


def cut(root: Path, at: int, *, begun: bool, loses_names: bool) -> int:
    """Make a project, cut the power at this operation of its beginning or of the write, and return how that ended."""
    old_project(root)
    if begun:
        begin(root)
    pid = os.fork()
    if not pid:
        status = 1
        try:
            Disk(root, at, loses_names=loses_names).watch()
            (write if begun else begin)(root)
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main(folder: Path) -> int:
    os.fsync = lambda fd: None  # what is synced is counted; the disk need not do it
    for begun in (False, True):
        for at in itertools.count(1):
            name = f"{'write' if begun else 'begin'}-{at}"
            status = cut(folder / name, at, begun=begun, loses_names=False)
            if status == CUT_BEFORE_NAMES:
                status = cut(folder / f"{name}-without-names", at, begun=begun, loses_names=True)
            if status not in (CUT, CUT_BEFORE_NAMES):
                break
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
