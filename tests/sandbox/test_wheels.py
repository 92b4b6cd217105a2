"""Wheels are unpacked without anything in them being run, and nowhere but where they belong."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox import wheels
from pytest_supercharger.sandbox.wheels import Wheel, read, unpack

NAME = "thing-1.0-py3-none-any.whl"


def wheel(files: dict[str, str], name: str = NAME) -> Wheel:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return Wheel(name=name, data=buffer.getvalue())


def packed(*entries: tuple[str, bytes], kind: bytes = tarfile.REGTYPE) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.size = kind, len(data)
            tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def unpacked(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_wheels_come_with_their_digests() -> None:
    (found,) = read(packed((NAME, b"data")))
    assert (found.name, found.data) == (NAME, b"data")
    assert found.sha256 == hashlib.sha256(b"data").hexdigest()


@pytest.mark.parametrize(
    "name", ["thing-1.0.tar.gz", "../thing-1.0-py3-none-any.whl", "/etc/passwd", "-x.whl", "a b.whl"]
)
def test_anything_else_is_refused(name: str) -> None:
    with pytest.raises(SandboxError, match="is no wheel"):
        read(packed((name, b"")))


def test_a_link_is_no_wheel() -> None:
    with pytest.raises(SandboxError, match="is no wheel"):
        read(packed((NAME, b""), kind=tarfile.SYMTYPE))


def test_what_is_no_tar_is_refused() -> None:
    with pytest.raises(SandboxError, match="cannot be read"):
        read(b"nothing of the kind" * 100)


def test_modules_are_unpacked_readable_for_everyone(tmp_path: Path) -> None:
    unpack([wheel({"thing/__init__.py": "a", "thing/data.txt": "b", "thing-1.0.dist-info/METADATA": "c"})], tmp_path)
    assert unpacked(tmp_path) == {"thing/__init__.py", "thing/data.txt", "thing-1.0.dist-info/METADATA"}
    assert (tmp_path / "thing").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "thing" / "__init__.py").stat().st_mode & 0o777 == 0o644


def test_what_would_run_without_being_imported_is_left_out(tmp_path: Path) -> None:
    files = {
        "evil.pth": "import os",
        "sitecustomize.py": "",
        "thing-1.0.dist-info/entry_points.txt": "[pytest11]\nevil = evil\n",
        "thing-1.0.data/scripts/pip": "#!python",
        "thing-1.0.data/data/etc/passwd": "",
        "thing-1.0.data/purelib/evil2.pth": "import os",
        "thing-1.0.data/purelib/thing.py": "",
        "thing-1.0.data/platlib/fast.so": "",
    }
    unpack([wheel(files)], tmp_path)
    assert unpacked(tmp_path) == {"thing.py", "fast.so"}


@pytest.mark.parametrize(
    "path", ["../outside.py", "a/../../outside.py", "/outside.py", "thing-1.data/purelib/../../x.py"]
)
def test_nothing_is_written_outside_of_the_folder(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(SandboxError, match="wants to write to"):
        unpack([wheel({path: ""})], folder)
    assert unpacked(tmp_path) == set()


def test_a_file_in_place_of_a_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="cannot be unpacked"):
        unpack([wheel({"a": "", "a/b": ""})], tmp_path)


def test_a_wheel_that_is_no_zip_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="cannot be unpacked"):
        unpack([Wheel(name=NAME, data=b"PK")], tmp_path)


def test_what_grows_beyond_all_bounds_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheels, "_UNPACKED_LIMIT", 1000)
    with pytest.raises(SandboxError, match="unpacks to more than"):
        unpack([wheel({"a.py": "x" * 900, "b.py": "x" * 900})], tmp_path)
