"""The settings of a container, seen from inside of one."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox.base import Limits
from pytest_supercharger.sandbox.engine import connect, facts
from pytest_supercharger.sandbox.hardening import Bind
from pytest_supercharger.sandbox.host import Host
from pytest_supercharger.sandbox.reaper import CLIENT_LABEL
from pytest_supercharger.sandbox.slot import attach_and_start, create, run_once
from pytest_supercharger.sandbox.stream import StreamBroken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import DockerClient

pytestmark = pytest.mark.docker

_FACTS = (Path(__file__).parent / "container_facts.py").read_text("utf-8")


@pytest.fixture(scope="module")
def client() -> Iterator[DockerClient]:
    client = connect()
    yield client
    client.close()


@pytest.fixture(scope="module")
def host(client: DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    project = tmp_path_factory.mktemp("project")
    (project / "module.py").write_text("x = 1\n")
    host = Host.prepare(client, facts(client), project, Limits(memory_bytes=256 << 20))
    yield host
    host.snapshot.remove()


@pytest.fixture(scope="module")
def seen(client: DockerClient, host: Host) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(inside(client, host, _FACTS))
    return found


def inside(client: DockerClient, host: Host, code: str, *binds: Bind) -> bytes:
    return run_once(client.api, host.command_spec(code, *binds), 120)


def test_no_privilege_is_left(seen: dict[str, Any]) -> None:
    assert seen["status"] == {"NoNewPrivs": 1, "CapEff": 0, "CapBnd": 0, "CapAmb": 0, "Seccomp": 2}
    assert all(number >= 10000 for number in seen["user"])


def test_our_process_is_the_first_of_the_container(seen: dict[str, Any]) -> None:
    assert seen["pid"] == 1


def test_nothing_outside_of_the_writable_folders_can_be_written(seen: dict[str, Any]) -> None:
    assert {path: error for path, error in seen["written"].items() if error not in ("EROFS", "EACCES")} == {}


def test_there_is_no_network_but_loopback(seen: dict[str, Any]) -> None:
    assert seen["interfaces"] == ["lo"]
    assert seen["connect"] == "ENETUNREACH"


def test_only_harmless_sockets_can_be_made(seen: dict[str, Any]) -> None:
    assert seen["usable sockets"] == ["done"] * 3
    assert set(seen["other sockets"].values()) == {"EPERM"}


def test_calls_towards_the_kernel_and_other_processes_are_refused(seen: dict[str, Any]) -> None:
    assert {name for name, error in seen["calls"].items() if error != "EPERM"} <= {"prlimit64 of itself"}
    assert seen["calls"].get("prlimit64 of itself", "done") == "done"


def test_the_writable_folders_are_small(seen: dict[str, Any]) -> None:
    assert seen["filled"] == {"/tmp": "ENOSPC", "/dev/shm": "ENOSPC"}


def test_processes_are_limited(seen: dict[str, Any]) -> None:
    assert seen["crowd"] == "EAGAIN"


def test_no_variable_of_this_process_is_seen(seen: dict[str, Any], host: Host) -> None:
    # HOSTNAME is the engine's; a library may set LC_CTYPE.
    assert set(seen["environment"]) - {"HOSTNAME", "LC_CTYPE"} <= set(host.spec(0).environment)


def test_the_docker_socket_is_not_seen(seen: dict[str, Any]) -> None:
    assert not seen["docker socket"]


def test_every_mount_from_this_machine_is_read_only(seen: dict[str, Any], host: Host) -> None:
    options = {target: set(flags.split(",")) for target, _, flags in seen["mounts"]}
    assert [bind.target for bind in host.spec(0).binds if "ro" not in options[bind.target]] == []
    assert "ro" in options["/"]
    assert {"rw", "nosuid", "nodev", "noexec"} <= options["/dev/shm"]
    for folder in ("/tmp", str(host.project)):
        assert {"rw", "nosuid", "nodev"} <= options[folder]
        assert "noexec" not in options[folder]


def test_the_project_is_seen_as_a_copy_and_not_itself(client: DockerClient, host: Host) -> None:
    code = f"import os; print(os.listdir('/snapshot'), os.listdir({str(host.project)!r}))"
    assert inside(client, host, code) == b"['module.py'] []\n"


def test_memory_ends_at_the_limit(client: DockerClient, host: Host) -> None:
    with pytest.raises(StreamBroken):
        inside(client, host, "x = bytearray(400 << 20); x[::4096] = b'1' * len(x[::4096]); print('kept')")


def test_the_hash_seed_is_fixed_so_that_slots_agree(client: DockerClient, host: Host) -> None:
    outputs = {inside(client, host, "import sys; print(hash('x'), sys.flags.hash_randomization)") for _ in range(2)}
    assert len(outputs) == 1


def test_time_zones_and_packages_work_as_outside(client: DockerClient, host: Host) -> None:
    code = "import zoneinfo, pytest, sys; print(zoneinfo.ZoneInfo('Europe/Berlin'), pytest.__version__, sys.executable)"
    assert inside(client, host, code).decode().split() == ["Europe/Berlin", pytest.__version__, sys.executable]


def test_a_container_ends_when_its_client_hangs_up(client: DockerClient, host: Host) -> None:
    spec = host.command_spec("import sys; print('up', flush=True); sys.stdin.read()")
    container = create(client.api, spec)
    stream = attach_and_start(client.api, container)
    assert client.api.inspect_container(container)["Config"]["Labels"][CLIENT_LABEL]
    stream.close()
    client.api.wait(container, timeout=60, condition="removed")
    assert container not in {summary["Id"] for summary in client.api.containers(all=True)}


def test_an_engine_that_sees_other_files_is_found_out(
    client: DockerClient, host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.write_text("not the secret")
    real = Host.command_spec
    monkeypatch.setattr(
        Host, "command_spec", lambda self, code, nonce: real(self, code, replace(nonce, source=str(other)))
    )
    with pytest.raises(SandboxError, match="does not share this machine's files"):
        host.prove(client)


def test_an_engine_that_lacks_the_files_is_found_out(client: DockerClient, host: Host, tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="source path does not exist"):
        inside(client, host, "print(1)", Bind(source=str(tmp_path / "missing"), target="/missing"))


def test_another_interpreter_is_found_out(client: DockerClient, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.version", "3.99.0")
    with pytest.raises(SandboxError, match="interpreter in the sandbox is not this one"):
        host.prove(client)


def test_an_interpreter_that_others_may_not_run_is_found_out(client: DockerClient, host: Host, tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(0o700)
    (private / "python").symlink_to(sys.executable)
    hidden = replace(
        host,
        environment=replace(
            host.environment,
            executable=str(private / "python"),
            binds=(*host.environment.binds, Bind(source=str(private), target=str(private))),
        ),
    )
    with pytest.raises(SandboxError, match=r"cannot be run by another user.*chmod -R"):
        hidden.prove(client)
