"""A file is wholly old or wholly new, whatever fails and whenever."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from faulty_files import Dead, Faulty

from pytest_supercharger.errors import SourceError
from pytest_supercharger.writeback import files, temporaries
from pytest_supercharger.writeback.files import Change, RealFiles, sha256

OLD = {"a.py": b"old a\r\n" * 50, "b.py": b"old b\n" * 50}
NEW = {"a.py": b"new a\r\n" * 70, "b.py": b"new b\n" * 70}


@pytest.fixture
def project(tmp_path):
    for name, data in OLD.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def changes(root: Path) -> list[Change]:
    return [Change(path=root / name, old_sha256=sha256(OLD[name]), new=NEW[name]) for name in OLD]


def contents(root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in root.iterdir() if path.is_file()}


def operations_of_a_clean_write(root: Path) -> int:
    fs = Faulty(0, RuntimeError(), dead=False)
    files.apply(changes(root), fs)
    for name, data in OLD.items():
        (root / name).write_bytes(data)
    return fs.count


def test_all_files_are_written(project):
    files.apply(changes(project))
    assert contents(project) == NEW


def test_a_failure_at_any_operation_leaves_each_file_old_or_new_and_no_temporary(project):
    total = operations_of_a_clean_write(project)
    assert total > 30
    for at in range(1, total + 1):
        with pytest.raises(SourceError):
            files.apply(changes(project), Faulty(at, OSError(errno.EIO, "Input/output error"), dead=False))
        after = contents(project)
        assert after.keys() == OLD.keys(), at
        assert all(after[name] in (OLD[name], NEW[name]) for name in OLD), at
        for name, data in OLD.items():
            (project / name).write_bytes(data)


def test_death_at_any_operation_leaves_each_file_old_or_new(project):
    total = operations_of_a_clean_write(project)
    for at in range(1, total + 1):
        with pytest.raises(Dead):
            files.apply(changes(project), Faulty(at, Dead(), dead=True))
        after = contents(project)
        assert all(after[name] in (OLD[name], NEW[name]) for name in OLD), at
        for leftover in after.keys() - OLD.keys():
            assert leftover.startswith(".")
            assert not leftover.endswith(".py")
            (project / leftover).unlink()
        for name, data in OLD.items():
            (project / name).write_bytes(data)


def test_an_interrupt_is_not_turned_into_a_source_error(project):
    with pytest.raises(KeyboardInterrupt):
        files.apply(changes(project), Faulty(20, KeyboardInterrupt(), dead=False))
    assert contents(project) == OLD


def test_a_full_disk_changes_nothing(project):
    class Full(RealFiles):
        def write(self, fd, data):
            if data.startswith(b"new b"):
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(fd, data)

    with pytest.raises(SourceError, match="No space left on device; no file was changed"):
        files.apply(changes(project), Full())
    assert contents(project) == OLD


def test_every_temporary_is_on_the_disk_before_the_first_rename(project):
    log: list[str] = []

    class Logged(RealFiles):
        def sync(self, fd):
            log.append("sync")
            super().sync(fd)

        def replace(self, source, target):
            log.append("replace")
            super().replace(source, target)

        def sync_directory(self, path):
            log.append("sync directory")
            super().sync_directory(path)

    files.apply(changes(project), Logged())
    assert log == ["sync", "sync", "replace", "replace", "sync directory"]


def test_a_short_write_is_continued(project):
    class Slow(RealFiles):
        def write(self, fd, data):
            return super().write(fd, data[:7])

    files.apply(changes(project), Slow())
    assert contents(project) == NEW


def test_a_file_that_changed_meanwhile_is_refused_and_nothing_is_written(project):
    (project / "b.py").write_bytes(b"edited by hand\n")
    with pytest.raises(SourceError, match=r"b\.py changed on disk since it was read; it was not written"):
        files.apply(changes(project))
    assert contents(project) == {"a.py": OLD["a.py"], "b.py": b"edited by hand\n"}


def test_a_file_that_changes_while_the_temporaries_are_written_is_refused(project):
    class Edited(RealFiles):
        def sync(self, fd):
            super().sync(fd)
            (project / "a.py").write_bytes(b"edited by hand\n")

    with pytest.raises(SourceError, match="changed on disk"):
        files.apply(changes(project), Edited())
    assert contents(project) == {"a.py": b"edited by hand\n", "b.py": OLD["b.py"]}


def test_a_read_only_file_is_refused_before_anything_is_written(project):
    (project / "b.py").chmod(0o444)
    for attempt in (files.check, files.apply):
        with pytest.raises(SourceError, match=r"b\.py is read-only; it was not written; make it writable"):
            attempt(changes(project))
    assert contents(project) == OLD


def test_a_missing_file_a_directory_and_a_file_named_twice_are_refused(project):
    first = changes(project)[0]
    for path, message in ((project / "gone.py", "cannot be read"), (project, "is not a regular file")):
        with pytest.raises(SourceError, match=message):
            files.check([Change(path=path, old_sha256="", new=b"")])
    with pytest.raises(SourceError, match="two names"):
        files.check([first, first])


def test_check_writes_nothing(project):
    files.check(changes(project))
    assert contents(project) == OLD


def test_the_target_of_a_symbolic_link_is_written_and_the_link_stays(tmp_path):
    real = tmp_path / "real" / "code.py"
    real.parent.mkdir()
    real.write_bytes(b"old\n")
    link = tmp_path / "link.py"
    link.symlink_to("real/code.py")
    files.apply([Change(path=link, old_sha256=sha256(b"old\n"), new=b"new\n")])
    assert link.readlink() == Path("real/code.py")
    assert real.read_bytes() == b"new\n"
    assert not real.is_symlink()
    assert list(real.parent.iterdir()) == [real]


def test_the_mode_is_kept_and_the_times_are_not(tmp_path):
    path = tmp_path / "code.py"
    path.write_bytes(b"old\n")
    path.chmod(0o751)
    os.utime(path, (1, 1))
    files.apply([Change(path=path, old_sha256=sha256(b"old\n"), new=b"new\n")])
    assert stat.S_IMODE(path.stat().st_mode) == 0o751
    assert path.stat().st_mtime > 1


def test_the_owner_is_restored_where_it_would_change(tmp_path):
    path = tmp_path / "code.py"
    path.write_bytes(b"old\n")
    asked = []

    class Foreign(RealFiles):
        def stat(self, path):
            values = list(super().stat(path))
            values[4], values[5] = 4242, 4343
            return os.stat_result(values)

        def own(self, fd, uid, gid):
            asked.append((uid, gid))

    change = Change(path=path, old_sha256=sha256(b"old\n"), new=b"new\n")
    if os.geteuid() == 0:
        files.apply([change], Foreign())
        assert asked == [(4242, 4343)]
    else:
        with pytest.raises(SourceError, match="belongs to another user"):
            files.apply([change], Foreign())


KILLED = """
import os, signal, sys
from pathlib import Path
from pytest_supercharger.writeback import files

class Killed(files.RealFiles):
    count = 0

def counted(name):
    real = getattr(files.RealFiles, name)
    def operation(self, *args):
        Killed.count += 1
        if Killed.count == int(sys.argv[2]):
            if name == "write":
                real(self, args[0], args[1][:3])
            os.kill(os.getpid(), signal.SIGKILL)
        return real(self, *args)
    return operation

for name in list(vars(files.RealFiles)):
    if not name.startswith("_"):
        setattr(Killed, name, counted(name))

root = Path(sys.argv[1])
files.apply([
    files.Change(path=root / name, old_sha256=files.sha256((root / name).read_bytes()), new=b"new\\n" * 9)
    for name in ("a.py", "b.py")
], Killed())
"""


@pytest.mark.parametrize("operation", [13, 16, 20, 26, 30])
def test_sigkill_leaves_each_file_old_or_new_and_the_next_write_cleans_up(project, operation):
    command = [sys.executable, "-c", KILLED, str(project), str(operation)]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == -signal.SIGKILL
    for name, data in OLD.items():
        assert (project / name).read_bytes() in (data, b"new\n" * 9)
    left = [
        Change(path=project / name, old_sha256=sha256((project / name).read_bytes()), new=NEW[name]) for name in NEW
    ]
    files.apply(left)
    assert contents(project) == NEW


def test_only_what_an_ended_process_left_for_this_very_file_is_removed(project):
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    kept = [
        f".a.py.{os.getppid()}-0123456789abcdef{temporaries.SUFFIX}",  # of a process that runs
        f".c.py.{ended.pid}-0123456789abcdef{temporaries.SUFFIX}",  # of another file
        f".a.py.{ended.pid}-notes{temporaries.SUFFIX}",
        f"a.py.{ended.pid}-0123456789abcdef{temporaries.SUFFIX}",
    ]
    for name in [*kept, f".a.py.{ended.pid}-0123456789abcdef{temporaries.SUFFIX}"]:
        (project / name).write_bytes(b"half")
    files.apply(changes(project))
    assert contents(project) == NEW | dict.fromkeys(kept, b"half")
