"""The way to the Docker engine, and what to do when there is none."""

from __future__ import annotations

import os
from dataclasses import dataclass

import docker
from docker.errors import APIError, DockerException

from pytest_supercharger.errors import SandboxError

__all__ = ["EngineFacts", "connect", "engine_address", "facts"]

_DEFAULT = "unix:///var/run/docker.sock"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFacts:
    """What of an engine decides how containers are made."""

    id: str
    architecture: str
    cgroup_v2: bool
    cpus: int


def engine_address() -> str:
    """Where the engine is expected."""
    return os.environ.get("DOCKER_HOST") or _DEFAULT


def connect() -> docker.DockerClient:
    """A client of the engine that answers; SandboxError with the next step when none does."""
    if not engine_address().startswith(("unix://", "tcp://", "http://")):
        raise SandboxError(
            f"the Docker engine at {engine_address()} is not on this machine; "
            "unset DOCKER_HOST, or set it to the socket of a local engine"
        )
    try:
        # More connections than slots: every attached container keeps one for its whole life.
        client = docker.from_env(timeout=120, max_pool_size=64)
        client.ping()
    except (DockerException, OSError) as error:
        raise SandboxError(_advice(error)) from None
    return client


def facts(client: docker.DockerClient) -> EngineFacts:
    """What the engine says about itself; SandboxError when it cannot run Linux containers under our rules."""
    try:
        info = client.info()
    except (APIError, OSError) as error:
        raise SandboxError(f"the Docker engine at {engine_address()} does not answer: {error}") from None
    if info.get("OSType") != "linux":
        raise SandboxError(f"the Docker engine runs {info.get('OSType')} containers; switch it to Linux containers")
    if not any("name=seccomp" in option for option in info.get("SecurityOptions") or ()):
        raise SandboxError("the Docker engine has no seccomp support; use an engine and a kernel that have it")
    return EngineFacts(
        id=str(info.get("ID", "")),
        architecture=str(info.get("Architecture", "")),
        cgroup_v2=str(info.get("CgroupVersion", "1")) == "2",
        cpus=int(info.get("NCPU") or 1),
    )


def _advice(error: Exception) -> str:
    address = engine_address()
    text = str(error)
    if "Permission denied" in text or "PermissionError" in text:
        return (
            f"Docker at {address} refuses this user: permission denied; "
            'run "sudo usermod -aG docker $USER" and log in again, or run pytest as a user who may use it'
        )
    return (
        f"Docker is not reachable at {address}; start it with "
        '"systemctl start docker", or run scripts/docker-engine start'
    )
