"""Whenever the power is cut, a file is wholly old or new, and the next run finds all it needs and leaves no litter."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import power_cut
import pytest

from pytest_supercharger import shelf, stubs
from pytest_supercharger.writeback import journal


def new_bytes(root: Path) -> dict[str, bytes]:
    power_cut.old_project(root)
    power_cut.begin(root)
    power_cut.write(root)
    return {name: (root / name).read_bytes() for name in power_cut.OLD}


def everything_in(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*"))


@pytest.fixture(scope="module")
def cuts(tmp_path_factory):
    """One project for every cut, the clean write, and what that one made of the files."""
    folder, clean = tmp_path_factory.mktemp("cuts"), tmp_path_factory.mktemp("clean") / "project"
    new = new_bytes(clean)
    assert not any(stubs.find(power_cut.source(clean, name)) for name in new)
    done = subprocess.run([sys.executable, power_cut.__file__, folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return sorted(path for path in folder.iterdir() if path.is_dir()), clean, new


def test_power_may_be_cut_at_any_operation(cuts, monkeypatch):
    roots, clean, new = cuts
    assert len(roots) > 150
    states = set()
    for root in roots:
        state = []
        for name, old in power_cut.OLD.items():
            data, status = (root / name).read_bytes(), (root / name).stat()
            assert data in (old, new[name]), root
            state.append(data == old)
            assert (status.st_uid, status.st_gid) == power_cut.OWNER, root
            assert stat.S_IMODE(status.st_mode) == power_cut.MODE, root
        states.add(tuple(state))
        assert (root / "b.py").is_symlink(), root
        check_kept(root, new)
    assert states == {(True, True), (False, True), (False, False)}
    monkeypatch.setattr("os.fsync", lambda fd: None)  # only for the time it takes
    for root in roots:
        if not journal.read(root):
            power_cut.begin(root)
        power_cut.write(root)
        assert {name: (root / name).read_bytes() for name in new} == new, root
        assert everything_in(root) == everything_in(clean), root
        assert (root / ".supercharge/.gitignore").read_bytes() == (clean / ".supercharge/.gitignore").read_bytes()
        assert [entry.stub_id for entry in journal.read(root)] == ["c:h"], root


def check_kept(root: Path, new: dict[str, bytes]) -> None:
    """A function that is written has its evidence; what was accepted before any is written is in the journal."""
    ids = {entry.stub_id for entry in journal.read(root)}
    assert "c:h" in ids or root.name.startswith("begin"), root
    recorded = {record.stub for record in shelf.load_all(root)}
    for name, functions in (("a.py", {"a:f", "a:g"}), ("real/b.py", {"b:h"})):
        if (root / name).read_bytes() == new[name]:
            assert recorded >= functions, root
        elif recorded:
            assert ids >= functions, root
