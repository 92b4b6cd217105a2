"""The way to a Docker engine, what it is, and what to do when there is none."""

from __future__ import annotations

import os
from dataclasses import dataclass

import docker
from docker.errors import APIError, DockerException

from pytest_supercharger.errors import SandboxError

__all__ = ["EngineFacts", "connect", "engine_address", "facts", "require_runtime"]

_DEFAULT = "unix:///var/run/docker.sock"
_SCHEMES = ("unix://", "tcp://", "http://", "https://")
_OLDEST = "1.41"  # of engine 20.10: non-recursive binds (1.40) and cgroup namespaces (1.41)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFacts:
    """What of an engine decides how containers are made."""

    id: str
    architecture: str
    cgroup_v2: bool
    cpus: int
    memory_bytes: int = 0
    runtimes: frozenset[str] = frozenset()
    address: str = _DEFAULT


def engine_address() -> str:
    """Where the engine is expected."""
    return os.environ.get("DOCKER_HOST") or _DEFAULT


def connect(address: str = "") -> docker.DockerClient:
    """A client of the engine that answers; SandboxError with the next step when none does.

    TLS is as for Docker: DOCKER_TLS_VERIFY and DOCKER_CERT_PATH.
    """
    address = address or engine_address()
    if not address.startswith(_SCHEMES):
        raise SandboxError(
            f"the Docker engine at {address} has no address we can use; give unix://PATH or tcp://HOST:PORT, and name "
            "one behind ssh:// with supercharge_docker_hosts"
        )
    try:
        first = _client(address, _OLDEST)
        try:
            version = str(first.api.version(api_version=False)["ApiVersion"])
        finally:
            first.close()
        client = _client(address, version)
        client.ping()
    except (DockerException, OSError) as error:
        raise SandboxError(_advice(error, address)) from None
    return client


def _client(address: str, version: str) -> docker.DockerClient:
    # More connections than slots: every attached container keeps one for its whole life.
    settings = {**os.environ, "DOCKER_HOST": address}
    client = docker.from_env(timeout=120, max_pool_size=64, environment=settings, version=version)
    # What the environment says about the web (REQUESTS_CA_BUNDLE, proxies) would win over DOCKER_CERT_PATH.
    client.api.trust_env = False
    return client


def facts(client: docker.DockerClient, address: str = "") -> EngineFacts:
    """What the engine says about itself; SandboxError when it cannot run Linux containers under our rules."""
    address = address or engine_address()
    try:
        info, version = client.info(), client.version()
    except (APIError, OSError) as error:
        raise SandboxError(f"the Docker engine at {address} does not answer: {error}") from None
    _require_features(info, version, address)
    return EngineFacts(
        id=str(info.get("ID", "")),
        architecture=str(info.get("Architecture", "")),
        cgroup_v2=str(info.get("CgroupVersion", "1")) == "2",
        cpus=int(info.get("NCPU") or 1),
        memory_bytes=int(info.get("MemTotal") or 0),
        runtimes=frozenset(info.get("Runtimes") or ()),
        address=address,
    )


def require_runtime(engine: EngineFacts, runtime: str) -> None:
    """SandboxError where the engine does not know the runtime that the settings name."""
    if runtime and runtime not in engine.runtimes:
        raise SandboxError(
            f"the Docker engine at {engine.address} has no runtime {runtime!r}, it has "
            f"{', '.join(sorted(engine.runtimes)) or 'none'}; add it to the engine (for gVisor: "
            '"sudo runsc install" and restart the engine), or leave supercharge_runtime out'
        )


def _require_features(info: dict[str, object], version: dict[str, object], address: str) -> None:
    if info.get("OSType") != "linux":
        raise SandboxError(
            f"the Docker engine at {address} runs {info.get('OSType')} containers; switch it to Linux containers"
        )
    options = info.get("SecurityOptions")
    if not isinstance(options, list) or not any("name=seccomp" in option for option in options):
        raise SandboxError(
            f"the Docker engine at {address} has no seccomp support; use an engine and a kernel that have it"
        )
    if _numbers(str(version.get("ApiVersion", ""))) < _numbers(_OLDEST):
        raise SandboxError(
            f"the Docker engine at {address} is {version.get('Version')}, which is too old; use 20.10 or newer"
        )


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdecimal()]


def _advice(error: Exception, address: str) -> str:
    text = str(error)
    if "Permission denied" in text or "PermissionError" in text:
        return (
            f"Docker at {address} refuses this user: permission denied; "
            'run "sudo usermod -aG docker $USER" and log in again, or run pytest as a user who may use it'
        )
    if address.startswith("tcp://"):
        return (
            f"Docker is not reachable at {address}: {text[:300]}; check the address, and whether it wants "
            "DOCKER_TLS_VERIFY and DOCKER_CERT_PATH"
        )
    return (
        f"Docker is not reachable at {address}; start it with "
        '"systemctl start docker", or run scripts/docker-engine start'
    )
