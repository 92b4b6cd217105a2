"""Wiping takes every kind of tree away, follows no link, and leaves mount points where they are."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pytest_supercharger.sandbox.inside.wipe import mount_points, wipe

if TYPE_CHECKING:
    from pathlib import Path


def test_files_folders_links_pipes_and_odd_names_go(tmp_path: Path) -> None:
    top = tmp_path / "top"
    (top / "a" / "b" / "c").mkdir(parents=True)
    (top / "a" / "b" / "file").write_text("x")
    os.mkfifo(top / "pipe")
    for name in (b"\xff\xfe", b"-rf", b" ", b"a\nb", b".wipe-1", b"x" * 255):
        (top / os.fsdecode(name) / ".wipe-1").mkdir(parents=True)
    assert wipe(str(top))
    assert list(top.iterdir()) == []


def test_links_are_not_followed(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("x")
    top = tmp_path / "top"
    (top / "a").mkdir(parents=True)
    (top / "link").symlink_to(kept)
    (top / "a" / "link").symlink_to(kept)
    (top / "a" / "gone").symlink_to("/nowhere")
    assert wipe(str(top))
    assert (kept / "file").read_text() == "x"


def test_a_tree_deeper_than_paths_can_say_goes(tmp_path: Path) -> None:
    top = tmp_path / "top"
    top.mkdir()
    here = os.open(top, os.O_RDONLY)
    for _ in range(3_000):
        os.mkdir("deep", dir_fd=here)
        below = os.open("deep", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    assert wipe(str(top))
    assert list(top.iterdir()) == []


def test_folders_without_permissions_go(tmp_path: Path) -> None:
    top = tmp_path / "top"
    (top / "a" / "b").mkdir(parents=True)
    (top / "a" / "b").chmod(0)
    (top / "a").chmod(0)
    assert wipe(str(top))
    assert list(top.iterdir()) == []


def test_mount_points_and_what_leads_to_them_stay(tmp_path: Path) -> None:
    top = tmp_path / "top"
    (top / "way" / "mount").mkdir(parents=True)
    (top / "way" / "other").mkdir()
    (top / "way" / "mount" / "inside").write_text("x")
    assert wipe(str(top), [str(top / "way" / "mount"), "/elsewhere"])
    assert [path.name for path in (top / "way").iterdir()] == ["mount"]
    assert (top / "way" / "mount" / "inside").exists()


def test_a_folder_that_is_not_there_is_clean(tmp_path: Path) -> None:
    assert wipe(str(tmp_path / "nothing"))


def test_mount_points_are_absolute_paths() -> None:
    assert "/proc" in mount_points()
