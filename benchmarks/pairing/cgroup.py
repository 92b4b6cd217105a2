"""CPU time and memory of the containers of this process, read from their cgroups on the host."""

from __future__ import annotations

import os
from pathlib import Path

from pytest_supercharger.sandbox.engine import connect
from pytest_supercharger.sandbox.reaper import CLIENT_LABEL

__all__ = ["cpu_seconds", "folder", "memory_bytes"]

_ROOT = Path("/sys/fs/cgroup")


def cpu_seconds() -> float:
    """CPU seconds of all containers that this process has running, everything in them included."""
    return sum(_cpu(container) for container in _containers())


def memory_bytes() -> int:
    """Memory of the first container: anonymous pages and tmpfs, not files that the page cache shares."""
    stat = folder(_containers()[0], "memory") / "memory.stat"
    facts = dict(line.split() for line in stat.read_text("ascii").splitlines())
    return int(facts.get("rss") or facts["anon"]) + int(facts.get("shmem", 0))


def folder(container: str, controller: str) -> Path:
    """The cgroup of a container, whatever version and driver."""
    for top in (_ROOT / controller, _ROOT):
        for place in (f"docker/{container}", f"system.slice/docker-{container}.scope"):
            if (top / place).is_dir():
                return top / place
    raise SystemExit(f"pairs: the cgroup of container {container[:12]} is not to be found below {_ROOT}")


def _containers() -> list[str]:
    client = connect()
    try:
        summaries = client.api.containers(filters={"label": CLIENT_LABEL})
    finally:
        client.close()
    return [summary["Id"] for summary in summaries if f":{os.getpid()}:" in summary["Labels"][CLIENT_LABEL]]


def _cpu(container: str) -> float:
    place = folder(container, "cpuacct")
    usage = place / "cpuacct.usage"
    if usage.exists():
        return int(usage.read_text("ascii")) / 1e9
    facts = dict(line.split() for line in (place / "cpu.stat").read_text("ascii").splitlines())
    return int(facts["usage_usec"]) / 1e6
