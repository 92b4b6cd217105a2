"""Containers that may use the network: they install or fetch packages, and never run a candidate or a test.

What they need to know, credentials included, comes as one line of JSON through their standard input.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from docker.errors import DockerException

from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox.hardening import MEBI, Bind, bind_mount, seccomp_profile
from pytest_supercharger.sandbox.reaper import CLIENT_LABEL, ClientIdentity
from pytest_supercharger.sandbox.slot import attach_and_start, reason
from pytest_supercharger.sandbox.stream import StreamBroken

if TYPE_CHECKING:
    from docker import APIClient

__all__ = ["NetworkedSpec", "create_networked", "networked_arguments", "run_networked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkedSpec:
    """What differs between the containers of this kind."""

    image: str
    command: Sequence[str]
    architecture: str
    user: int  # 0 only where the container's own file system becomes an image
    binds: Sequence[Bind] = ()
    environment: Mapping[str, str]
    disk_bytes: int = 64 * MEBI  # of /tmp
    memory_bytes: int = 2048 * MEBI


def networked_arguments(spec: NetworkedSpec) -> tuple[dict[str, Any], dict[str, Any]]:
    """The container's configuration and its host configuration, for `create_container` of the docker SDK."""
    container: dict[str, Any] = {
        "image": spec.image,
        "command": list(spec.command),
        "entrypoint": [],
        "user": f"{spec.user}:{spec.user}",
        "environment": dict(spec.environment),
        "labels": {CLIENT_LABEL: str(ClientIdentity.current())},
        "hostname": "sandbox",
        "working_dir": "/tmp",
        "stdin_open": True,
        "tty": False,
        "detach": False,
        "healthcheck": {"test": ["NONE"]},
    }
    host: dict[str, Any] = {
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges", f"seccomp={seccomp_profile(spec.architecture)}"],
        "read_only": spec.user != 0,
        "ipc_mode": "private",
        "log_config": {"Type": "none", "Config": {}},
        "pids_limit": 512,
        "mem_limit": spec.memory_bytes + spec.disk_bytes,
        "memswap_limit": spec.memory_bytes + spec.disk_bytes,
        "oom_score_adj": 500,
        "tmpfs": {"/tmp": f"rw,nosuid,nodev,noexec,size={spec.disk_bytes},mode=1777"},
        "mounts": [bind_mount(bind) for bind in spec.binds],
    }
    return container, host


def create_networked(api: APIClient, spec: NetworkedSpec) -> str:
    """Make a container without starting it; its id."""
    container, host = networked_arguments(spec)
    try:
        return str(api.create_container(**container, host_config=api.create_host_config(**host))["Id"])
    except (DockerException, OSError) as error:
        raise SandboxError(f"a container for packages cannot be made: {reason(error)}") from None


def run_networked(
    api: APIClient, container: str, job: Mapping[str, Any], *, seconds: float, size: int = MEBI
) -> tuple[int, bytes, str]:
    """Start a container, give it its job; its exit status, its output, and the end of its errors.

    Raises:
        SandboxError: it took longer than `seconds` or said more than `size` bytes.
    """
    stream = attach_and_start(api, container)
    output = bytearray()
    deadline = time.monotonic() + seconds
    try:
        stream.send(json.dumps(job).encode() + b"\n", deadline)
        while data := stream.receive(deadline, end=b""):
            output += data
            if len(output) > size:
                raise SandboxError(f"more than {size // MEBI} MiB came from the container for packages")
        status = int(api.wait(container, timeout=60)["StatusCode"])
    except StreamBroken as error:
        late = time.monotonic() >= deadline
        raise SandboxError(f"it took longer than {seconds:.0f} s" if late else str(error)) from None
    finally:
        stream.close()
    return status, bytes(output), stream.errors
