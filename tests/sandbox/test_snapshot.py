"""What of a project enters the sandbox."""

from __future__ import annotations

import os
import py_compile
import socket
from importlib.util import cache_from_source
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_supercharger.sandbox.snapshot import Snapshot, take

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def snap(project: Path, tmp_path: Path) -> Iterator[Callable[[], Snapshot]]:
    taken: list[Snapshot] = []

    def snap() -> Snapshot:
        taken.append(take(project, parent=tmp_path))
        return taken[-1]

    yield snap
    for snapshot in taken:
        snapshot.remove()


def names(snapshot: Snapshot) -> set[str]:
    return {path.relative_to(snapshot.tree).as_posix() for path in snapshot.tree.rglob("*")}


def test_sources_and_data_are_copied(project: Path, snap: Callable[[], Snapshot]) -> None:
    (project / "src").mkdir()
    (project / "src" / "a.py").write_bytes(b"x = 1\r\n")
    (project / "data.bin").write_bytes(bytes(range(256)))
    snapshot = snap()
    assert names(snapshot) == {"src", "src/a.py", "data.bin"}
    assert (snapshot.tree / "src" / "a.py").read_bytes() == b"x = 1\r\n"
    assert (snapshot.files, snapshot.bytes, snapshot.left_out) == (2, 263, {})


def test_the_compiled_form_of_a_module_comes_along_while_it_is_of_this_very_version(
    project: Path, snap: Callable[[], Snapshot]
) -> None:
    for name, mode in (("new", "TIMESTAMP"), ("old", "TIMESTAMP"), ("hashed", "UNCHECKED_HASH")):
        (project / f"{name}.py").write_text("x = 1\n")
        py_compile.compile(str(project / f"{name}.py"), invalidation_mode=py_compile.PycInvalidationMode[mode])
    (project / "__pycache__" / "gone.cpython-311.pyc").write_bytes(b"")
    (project / "old.py").write_text("x = 10\n")
    snapshot = snap()
    compiled = Path(cache_from_source(str(project / "new.py"))).relative_to(project)
    assert names(snapshot) == {"new.py", "old.py", "hashed.py", "__pycache__", compiled.as_posix()}
    assert (snapshot.tree / compiled).read_bytes() == (project / compiled).read_bytes()
    assert snapshot.bytes == sum(path.stat().st_size for path in snapshot.tree.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "name", [".env", ".env.local", "server.pem", "tls.KEY", "id_rsa", "id_ed25519.pub", ".netrc", ".pypirc", "pip.conf"]
)
def test_files_that_may_hold_secrets_stay_out_and_are_named(
    project: Path, snap: Callable[[], Snapshot], name: str
) -> None:
    (project / name).write_text("secret")
    snapshot = snap()
    assert names(snapshot) == set()
    assert snapshot.left_out == {name: "may hold a secret"}


def test_a_module_with_an_innocent_name_is_kept(project: Path, snap: Callable[[], Snapshot]) -> None:
    for name in ("id_generator.py", "keys.py", "environment.py", "env.py"):
        (project / name).touch()
    assert names(snap()) == {"id_generator.py", "keys.py", "environment.py", "env.py"}


@pytest.mark.parametrize("name", [".git", ".tox", "node_modules", "__pycache__", ".supercharge", ".venv"])
def test_folders_no_test_reads_stay_out_in_silence(project: Path, snap: Callable[[], Snapshot], name: str) -> None:
    (project / name).mkdir()
    (project / name / "file").touch()
    snapshot = snap()
    assert names(snapshot) == set()
    assert snapshot.left_out == {}


def test_a_virtual_environment_is_known_by_its_mark_not_by_its_name(
    project: Path, snap: Callable[[], Snapshot]
) -> None:
    (project / "odd").mkdir()
    (project / "odd" / "pyvenv.cfg").touch()
    (project / "env").mkdir()
    (project / "env" / "module.py").touch()
    assert names(snap()) == {"env", "env/module.py"}


def test_what_is_no_ordinary_file_stays_out(project: Path, snap: Callable[[], Snapshot]) -> None:
    os.mkfifo(project / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(project / "socket"))
        snapshot = snap()
    assert names(snapshot) == set()
    assert set(snapshot.left_out) == {"pipe", "socket"}


def test_links_out_of_the_project_stay_out(project: Path, snap: Callable[[], Snapshot], tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("private")
    (project / "absolute").symlink_to(tmp_path / "outside")
    (project / "relative").symlink_to("../outside")
    (project / "nowhere").symlink_to("missing")
    (project / "loop").symlink_to("loop")
    (project / "hop").symlink_to("absolute")
    snapshot = snap()
    assert names(snapshot) == set()
    assert set(snapshot.left_out) == {"absolute", "relative", "nowhere", "loop", "hop"}


def test_links_inside_the_project_lead_to_the_copy(project: Path, snap: Callable[[], Snapshot]) -> None:
    (project / "a").mkdir()
    (project / "a" / "file").write_text("text")
    (project / "b").mkdir()
    (project / "b" / "relative").symlink_to("../a/file")
    (project / "b" / "absolute").symlink_to(project / "a" / "file")
    (project / "folder").symlink_to(project / "a")
    tree = snap().tree
    (project / "a" / "file").write_text("changed since")
    assert (tree / "b" / "relative").read_text() == "text"
    assert (tree / "b" / "absolute").read_text() == "text"
    assert (tree / "folder" / "file").read_text() == "text"
    assert not (tree / "b" / "absolute").readlink().is_absolute()


def test_a_link_to_a_secret_leads_nowhere(project: Path, snap: Callable[[], Snapshot]) -> None:
    (project / ".env").write_text("secret")
    (project / "innocent.txt").symlink_to(".env")
    assert not (snap().tree / "innocent.txt").exists()


def test_the_copy_is_readable_whatever_the_modes_were(project: Path, snap: Callable[[], Snapshot]) -> None:
    (project / "private.py").touch(0o600)
    (project / "script.sh").touch(0o700)
    (project / "folder").mkdir(0o700)
    (project / "locked.py").touch(0o400)
    snapshot = snap()
    modes = {path.name: path.stat().st_mode & 0o777 for path in snapshot.tree.iterdir()}
    assert modes == {"private.py": 0o644, "script.sh": 0o755, "folder": 0o755, "locked.py": 0o444}
    assert snapshot.tree.stat().st_mode & 0o777 == 0o755


def test_other_users_of_the_machine_cannot_reach_the_copy(project: Path, snap: Callable[[], Snapshot]) -> None:
    assert snap().folder.stat().st_mode & 0o077 == 0


def test_a_huge_file_stays_out_and_is_named(project: Path, snap: Callable[[], Snapshot]) -> None:
    with (project / "weights.bin").open("wb") as stream:
        stream.truncate(33 * 1024 * 1024)
    snapshot = snap()
    assert names(snapshot) == set()
    assert snapshot.left_out == {"weights.bin": "larger than 32 MiB"}


def test_removing_leaves_nothing(project: Path, tmp_path: Path) -> None:
    (project / "a.py").touch()
    snapshot = take(project, parent=tmp_path)
    snapshot.remove()
    snapshot.remove()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["project"]
