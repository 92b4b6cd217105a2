"""The settings of a container: a pure function from what differs between slots to the engine's create request."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

from pytest_supercharger.sandbox import users

__all__ = ["MEBI", "Bind", "ContainerSpec", "bind_mount", "create_arguments", "seccomp_profile"]

MEBI = 1024 * 1024
_GVISOR = ("runsc", "gvisor")
# Signals: more than a job may queue (`inside.child`), so that none for PID 1 is ever short of its sender.
_ULIMITS = {"nofile": 256, "core": 0, "stack": 8 * MEBI, "sigpending": 1024, "msgqueue": 0}
_ARCHITECTURES = {"x86_64": "SCMP_ARCH_X86_64", "aarch64": "SCMP_ARCH_AARCH64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind:
    """A host path that is seen read-only in the container, without what is mounted below it."""

    source: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSpec:
    """What differs from container to container; everything else is fixed below."""

    image: str
    command: Sequence[str]
    slot: int  # its user is `users.uid` of it
    binds: Sequence[Bind]
    environment: Mapping[str, str]
    labels: Mapping[str, str]
    architecture: str  # as the engine names it: x86_64, aarch64
    cgroup_v2: bool
    memory_bytes: int
    processes: int = 128
    disk_bytes: int = 64 * MEBI  # of /tmp, and of any one file
    empty_dirs: Sequence[str] = ()  # seen as empty, read-only directories
    project: str = ""  # a writable tmpfs stands at this absolute path; none for ""
    project_bytes: int = 64 * MEBI
    volumes: Mapping[str, str] = field(default_factory=dict)  # name -> where it is seen, read-only
    runtime: str = ""  # of the engine's runtimes; its default one for ""
    hosts: bool = False  # the engine writes a hosts file, and takes more than twice as long to start
    extra: Mapping[str, str] = field(default_factory=dict)  # more tmpfs: path -> options


@lru_cache(maxsize=4)
def seccomp_profile(architecture: str) -> str:
    """The profile as the engine takes it inline, for the native architecture alone.

    A second architecture would bring a second table of system calls, and `socketcall` of the 32-bit one gets
    past every filter on `socket`.
    """
    profile = json.loads(resources.files(__package__).joinpath("seccomp.json").read_text("utf-8"))
    if architecture in _ARCHITECTURES:
        profile["architectures"] = [_ARCHITECTURES[architecture]]
    return json.dumps(profile, separators=(",", ":"))


def create_arguments(spec: ContainerSpec) -> tuple[dict[str, Any], dict[str, Any]]:
    """The container's configuration and its host configuration, for `create_container` of the docker SDK."""
    user = users.uid(spec.slot)
    container: dict[str, Any] = {
        "image": spec.image,
        "command": list(spec.command),
        "entrypoint": [],
        "user": f"{user}:{user}",
        "environment": dict(spec.environment),
        "labels": dict(spec.labels),
        "hostname": "sandbox",
        "working_dir": "/tmp",
        # Attached and not detached: the SDK then sets StdinOnce, so the client's end is the container's end of input.
        "stdin_open": True,
        "tty": False,
        "detach": False,
        "network_disabled": not spec.hosts,
        "healthcheck": {"test": ["NONE"]},  # one of the image would be a process that no job started
    }
    return container, _host_config(spec)


def _host_config(spec: ContainerSpec) -> dict[str, Any]:
    host: dict[str, Any] = {
        "auto_remove": True,
        "network_mode": "none",
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges", f"seccomp={seccomp_profile(spec.architecture)}"],
        "read_only": True,
        "ipc_mode": "private",
        "log_config": {"Type": "none", "Config": {}},
        "pids_limit": _pids_limit(spec),
        "mem_limit": spec.memory_bytes,
        "memswap_limit": spec.memory_bytes,  # equal: no swap
        "nano_cpus": 1_000_000_000,
        "oom_score_adj": 500,
        "ulimits": [
            {"Name": name, "Soft": value, "Hard": value}
            for name, value in {**_ULIMITS, "fsize": spec.disk_bytes}.items()
        ],
        "tmpfs": _tmpfs(spec),
        "mounts": [*map(bind_mount, spec.binds), *(_volume(*item) for item in spec.volumes.items())],
    }
    if spec.runtime:
        host["runtime"] = spec.runtime
    if spec.hosts:
        # The names of the machine's own network are nobody's business, and no server is in reach.
        host |= {"extra_hosts": {"sandbox": "127.0.0.1"}, "dns": ["127.0.0.1"], "dns_search": ["."]}
    if spec.cgroup_v2:
        host["cgroupns"] = "private"
    return host


def _pids_limit(spec: ContainerSpec) -> int:
    """The limit of the container's cgroup; of gVisor it counts the threads of the kernel that runs in there.

    That kernel ends at the limit, and the container with it. What holds a job there is its own limit of processes.
    """
    gvisor = any(name in spec.runtime for name in _GVISOR)
    return 8 * spec.processes + 256 if gvisor else spec.processes


def _tmpfs(spec: ContainerSpec) -> dict[str, str]:
    result = {
        # Executable as the project is: tests write scripts and run them.
        "/tmp": f"rw,nosuid,nodev,exec,size={spec.disk_bytes},nr_inodes=4k,mode=1777",
        "/dev/shm": "rw,nosuid,nodev,noexec,size=16m,nr_inodes=1k,mode=1777",
    }
    result.update(dict.fromkeys(spec.empty_dirs, "ro,nosuid,nodev,noexec,size=4k,nr_inodes=2,mode=0555"))
    if spec.project:
        # Executable: projects bring compiled modules and scripts of their own.
        size = max(spec.project_bytes, 64 * MEBI)
        # Not the job's own: an owner could close it against the wipe, or leave attributes on it.
        result[spec.project] = f"rw,nosuid,nodev,exec,size={size},nr_inodes=64k,mode=1777"
    result.update(spec.extra)
    return result


def bind_mount(bind: Bind) -> dict[str, Any]:
    """The mount of a host path: read-only, and without what is mounted below it."""
    return {
        "Type": "bind",
        "Source": bind.source,
        "Target": bind.target,
        "ReadOnly": True,
        # Read-only does not reach what is mounted below a recursive bind.
        "BindOptions": {"NonRecursive": True, "Propagation": "rprivate"},
    }


def _volume(name: str, target: str) -> dict[str, Any]:
    return {"Type": "volume", "Source": name, "Target": target, "ReadOnly": True, "VolumeOptions": {"NoCopy": True}}
