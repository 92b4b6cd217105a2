"""Who is gone, and what is removed then."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_supercharger.sandbox import volume
from pytest_supercharger.sandbox.docker import DockerSandbox
from pytest_supercharger.sandbox.engine import connect
from pytest_supercharger.sandbox.image import build_tar, ensure_image
from pytest_supercharger.sandbox.placement import Placement
from pytest_supercharger.sandbox.reaper import CLIENT_LABEL, ClientIdentity, reap, reap_snapshots
from pytest_supercharger.sandbox.slot import remove
from pytest_supercharger.sandbox.snapshot import take

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import DockerClient

ME = ClientIdentity.current()


def ended() -> ClientIdentity:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    return replace(ME, pid=child.pid)


def test_this_process_is_not_gone() -> None:
    assert not ME.is_gone()


def test_an_identity_survives_its_label() -> None:
    assert ClientIdentity.parse(str(ME)) == ME


@pytest.mark.parametrize("text", ["", "x", "a:b:c:d", "boot:1:-1:2"])
def test_other_labels_are_nobodys(text: str) -> None:
    assert ClientIdentity.parse(text) is None


def test_a_process_that_ended_is_gone() -> None:
    assert ended().is_gone()


def test_a_process_with_the_number_of_another_is_not_that_other() -> None:
    assert replace(ME, started="1").is_gone()


def test_a_process_that_cannot_be_seen_from_here_is_left_alone() -> None:
    assert not replace(ended(), boot="another").is_gone()
    assert not replace(ended(), namespace="1").is_gone()


def test_a_name_with_parentheses_hides_no_process(tmp_path: Path) -> None:
    odd = tmp_path / "a) Z 1"
    odd.symlink_to(Path("/usr/bin/sleep"))
    with subprocess.Popen([str(odd), "60"]) as child:
        stat = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
        assert not replace(ME, pid=child.pid, started=stat[19]).is_gone()
        child.kill()


def test_only_snapshots_of_ended_runs_are_removed(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    mine, left = take(tmp_path / "project", parent=tmp_path), take(tmp_path / "project", parent=tmp_path)
    (left.folder / "owner").write_text(str(ended()))
    (tmp_path / "pytest-supercharger-no-owner").mkdir()
    assert reap_snapshots(tmp_path) == [left.folder]
    assert mine.tree.is_dir()
    assert (tmp_path / "pytest-supercharger-no-owner").is_dir()


@pytest.fixture
def client() -> Iterator[DockerClient]:
    client = connect()
    yield client
    client.close()


def never_started(client: DockerClient, owner: ClientIdentity) -> str:
    image = ensure_image(client, build_tar({}, {}))
    made = client.api.create_container(image, command=["/nothing"], labels={CLIENT_LABEL: str(owner)})
    return str(made["Id"])


@pytest.mark.docker
def test_a_container_that_was_never_started_is_reaped_when_its_maker_is_gone(client: DockerClient) -> None:
    mine = never_started(client, ME)
    try:
        # A run beside this one may be faster, but hardly every time.
        orphan = next(made for _ in range(5) if (made := never_started(client, ended())) in reap(client))
        left = {summary["Id"] for summary in client.api.containers(all=True)}
        assert orphan not in left
        assert mine in left
    finally:
        remove(client.api, mine)


@pytest.mark.docker
def test_a_run_of_any_environment_removes_volumes_and_networks_of_killed_ones(
    client: DockerClient, tmp_path: Path
) -> None:
    name = "pytest-supercharger-left-behind"
    mine = volume.create(client)
    gone = {CLIENT_LABEL: str(ended())}
    client.api.create_volume(name, labels=gone)
    client.api.create_network(name, driver="bridge", labels=gone)
    with DockerSandbox(tmp_path, slots=1, placement=Placement(environment="host")) as sandbox:
        sandbox.start()
    left = {found["Name"] for found in client.api.volumes()["Volumes"] or ()}
    assert mine in left
    assert name not in left
    assert client.api.networks(names=[name]) == []
    volume.discard(client, mine)
