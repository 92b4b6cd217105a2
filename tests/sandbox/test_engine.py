"""No engine is an error with a next step; the script that starts one may be run again and again."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from docker.errors import DockerException

from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox import engine

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "docker-engine"


def script(command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SCRIPT), command],
        env={**os.environ, **variables},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
        check=False,
    )


def test_no_engine_is_an_error_that_says_how_to_start_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    with pytest.raises(SandboxError) as caught:
        engine.connect()
    message = str(caught.value)
    assert message.startswith("Docker is not reachable at unix:///nonexistent/docker.sock; start it with ")
    assert "scripts/docker-engine start" in message
    assert "\n" not in message


def test_an_engine_this_user_may_not_use_is_another_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**settings: object) -> None:
        raise DockerException("('Connection aborted.', PermissionError(13, 'Permission denied'))")

    monkeypatch.setattr(engine.docker, "from_env", refused)
    with pytest.raises(SandboxError, match=r"refuses this user: permission denied; run .*usermod"):
        engine.connect()


@pytest.mark.parametrize("address", ["npipe:////./pipe/docker", "elsewhere:2376"])
def test_an_address_of_another_kind_is_refused_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("DOCKER_HOST", address)
    with pytest.raises(SandboxError, match="has no address we can use"):
        engine.connect()


class Answering:
    """What an engine says about itself; `facts` asks for nothing else."""

    def __init__(self, api: str = "1.41", **info: object) -> None:
        self._api = api
        self._info = {"OSType": "linux", "SecurityOptions": ["name=seccomp,profile=default"], **info}

    def info(self) -> dict[str, object]:
        return self._info

    def version(self) -> dict[str, object]:
        return {"ApiVersion": self._api, "Version": "19.03.15"}


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (Answering(api="1.40"), "is 19.03.15, which is too old; use 20.10 or newer"),
        (Answering(OSType="windows"), "runs windows containers"),
        (Answering(SecurityOptions=["name=apparmor"]), "has no seccomp support"),
    ],
)
def test_an_engine_that_cannot_keep_our_rules_is_refused(answers: Answering, message: str) -> None:
    with pytest.raises(SandboxError, match=message):
        engine.facts(answers)  # type: ignore[arg-type]


@pytest.mark.parametrize(("api", "version"), [("1.41", "1"), ("1.47", "2")])
def test_both_versions_of_cgroups_are_told_apart(api: str, version: str) -> None:
    found = engine.facts(Answering(api=api, CgroupVersion=version))  # type: ignore[arg-type]
    assert found.cgroup_v2 is (version == "2")


@pytest.mark.docker
def test_a_runtime_that_the_engine_does_not_know_is_an_error_with_the_next_step() -> None:
    client = engine.connect()
    found = engine.facts(client)
    client.close()
    engine.require_runtime(found, "")
    engine.require_runtime(found, min(found.runtimes))
    with pytest.raises(SandboxError, match=r"has no runtime 'no-such-runtime', it has .*supercharge_runtime"):
        engine.require_runtime(found, "no-such-runtime")


@pytest.mark.docker
def test_the_engine_says_what_containers_need_to_know() -> None:
    client = engine.connect()
    found = engine.facts(client)
    client.close()
    assert found.id
    assert found.architecture in ("x86_64", "aarch64")
    assert found.cpus >= 1


@pytest.mark.docker
def test_the_script_uses_an_engine_that_answers_and_can_be_run_again() -> None:
    for _ in range(2):
        done = script("start")
        assert done.returncode == 0
        assert "an engine answers at" in done.stdout
    assert script("status").returncode == 0


@pytest.mark.docker
def test_the_script_says_when_nothing_answers_and_starts_nothing_elsewhere() -> None:
    address = "unix:///nonexistent/docker.sock"
    assert script("status", DOCKER_HOST=address).returncode == 1
    done = script("start", DOCKER_HOST=address)
    assert done.returncode == 1
    assert f"no engine answers at DOCKER_HOST={address}" in done.stdout


def test_the_script_refuses_an_unknown_command() -> None:
    done = script("restart")
    assert done.returncode == 1
    assert "unknown command 'restart'" in done.stdout
