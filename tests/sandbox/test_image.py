"""The image of environment `host`: the same bytes for the same content."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

import pytest

from pytest_supercharger.sandbox import users
from pytest_supercharger.sandbox.engine import connect
from pytest_supercharger.sandbox.host import fitting_slots
from pytest_supercharger.sandbox.image import build_tar, ensure_image, own_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import DockerClient


def entries(data: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {entry.name: entry for entry in tar}


def test_the_same_content_gives_the_same_bytes() -> None:
    one = build_tar({"/bin": "usr/bin", "/lib": "usr/lib"}, own_files())
    two = build_tar({"/lib": "usr/lib", "/bin": "usr/bin"}, dict(reversed(own_files().items())))
    assert one == two


def test_changed_content_gives_other_bytes() -> None:
    assert build_tar({}, {"/a": b"1"}) != build_tar({}, {"/a": b"2"})


def test_every_slot_has_a_user_with_a_name() -> None:
    with tarfile.open(fileobj=io.BytesIO(build_tar({}, {}))) as tar:
        files = [tar.extractfile(f"etc/{name}") for name in ("passwd", "group")]
        numbers = [{int(line.split(b":")[2]) for line in file or ()} for file in files]
    assert all({0, *map(users.uid, users.NUMBERS)} == known for known in numbers)


def test_folders_come_before_what_lies_in_them() -> None:
    names = list(entries(build_tar({}, {"/x/y/file": b""})))
    assert names.index("x") < names.index("x/y") < names.index("x/y/file")


def test_a_link_stands_where_the_machine_has_one() -> None:
    found = entries(build_tar({"/usr": "other"}, {}))
    assert found["usr"].issym()
    assert found["usr"].linkname == "other"


def test_nothing_belongs_to_anyone_and_nothing_is_writable_but_the_temporary_folders() -> None:
    found = entries(build_tar({}, own_files()))
    assert {(entry.uid, entry.gid, entry.mtime) for entry in found.values()} == {(0, 0, 0)}
    writable = {name for name, entry in found.items() if entry.mode & 0o022 and not entry.issym()}
    assert writable == {"tmp", "var/tmp"}
    assert found["tmp"].mode == 0o1777


def test_our_own_files_are_the_first_process_and_the_marker() -> None:
    names = set(own_files())
    assert {"/supercharger/inside/__main__.py", "/supercharger/inside/frames.py"} <= names
    assert {name for name in names if name.startswith("/supercharger/lib")} == {
        f"/supercharger/lib/pytest_supercharger/{name}"
        for name in ("__init__.py", "_version.py", "marker.py", "py.typed")
    }


@pytest.mark.parametrize(
    ("wanted", "memory", "available", "slots"),
    [(4, 512, 1 << 20, 4), (4, 512, 2048, 3), (4, 512, 700, 1), (4, 512, 10, 1), (1, 512, 1 << 20, 1)],
)
def test_no_more_slots_are_started_than_fit_into_memory(wanted: int, memory: int, available: int, slots: int) -> None:
    assert fitting_slots(wanted, memory, available) == slots


@pytest.fixture
def client() -> Iterator[DockerClient]:
    client = connect()
    yield client
    client.close()


@pytest.mark.docker
def test_an_image_is_imported_once(client: DockerClient) -> None:
    tar = build_tar({}, {"/only-in-this-test": b""})
    first = ensure_image(client, tar)
    made = client.images.get(first).id
    assert ensure_image(client, tar) == first
    assert client.images.get(first).id == made
    client.images.remove(first)
