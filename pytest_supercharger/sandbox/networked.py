"""Containers that may use the network: they install or fetch packages, and never run a candidate or a test.

What they need to know, credentials included, comes as one line of JSON through their standard input.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from docker.errors import DockerException

from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox.hardening import MEBI, Bind, bind_mount, seccomp_profile
from pytest_supercharger.sandbox.reaper import CLIENT_LABEL, ClientIdentity
from pytest_supercharger.sandbox.slot import attach_and_start, reason, remove
from pytest_supercharger.sandbox.stream import StreamBroken

if TYPE_CHECKING:
    from docker import APIClient, DockerClient

__all__ = ["FETCHER", "NetworkedSpec", "networked", "networked_arguments", "run_networked"]

_PREFIX = "pytest-supercharger-"
FETCHER = 9999  # the user who fetches; no slot has this one


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


def networked_arguments(spec: NetworkedSpec, network: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The container's configuration and its host configuration, for `create_container` of the docker SDK."""
    container: dict[str, Any] = {
        "image": spec.image,
        "command": list(spec.command),
        "entrypoint": [],
        "user": f"{spec.user}:{spec.user}",
        "environment": dict(spec.environment),
        "labels": _labels(),
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
        "network_mode": network,
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


@contextlib.contextmanager
def networked(client: DockerClient, spec: NetworkedSpec) -> Iterator[str]:
    """A container that is not started yet, alone in a network of its own; both are gone in the end."""
    api = client.api
    with contextlib.ExitStack() as stack:
        try:
            network = api.create_network(f"{_PREFIX}{secrets.token_hex(8)}", driver="bridge", labels=_labels())["Id"]
            stack.callback(api.remove_network, network)
            container, host = networked_arguments(spec, network)
            made = str(api.create_container(**container, host_config=api.create_host_config(**host))["Id"])
        except (DockerException, OSError) as error:
            raise SandboxError(f"a container for packages cannot be made: {reason(error)}") from None
        stack.callback(remove, api, made)
        yield made


def _labels() -> dict[str, str]:
    return {CLIENT_LABEL: str(ClientIdentity.current())}


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
