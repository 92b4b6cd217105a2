"""What PID 1 reads from /proc and the cgroup about the processes of a job; never from paths that a job can write."""

from __future__ import annotations

import os
import resource
from collections.abc import Mapping

__all__ = [
    "counts_ooms",
    "cpu_seconds",
    "ended_cpu_seconds",
    "ipc_objects",
    "oom_kills",
    "other_processes",
    "refused_forks",
    "resident_memory",
    "starved",
    "thread_count",
    "virtual_memory",
    "waits",
]

_PIDS_FILES = (
    "/sys/fs/cgroup/pids.events",  # cgroup v2
    "/sys/fs/cgroup/pids/pids.events",  # cgroup v1
)
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_OOM_FILES = (
    "/sys/fs/cgroup/memory.events",  # cgroup v2
    "/sys/fs/cgroup/memory/memory.oom_control",  # cgroup v1
)


def _read(path: str) -> str:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # the process is gone, or this kernel has no such file
        return ""
    try:
        return os.read(fd, 65536).decode("ascii", "replace")
    except OSError:
        return ""
    finally:
        os.close(fd)


def other_processes() -> list[int]:
    """The ids of all processes of the container but PID 1."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and name != str(os.getpid())]


def thread_count() -> int:
    """How many threads this process has; forking is safe with one only."""
    return len(os.listdir("/proc/self/task"))


def cpu_seconds() -> float:
    """CPU time of everything but PID 1, ended processes included; it only grows."""
    return ended_cpu_seconds() + sum(map(_cpu_of, other_processes()))


def ended_cpu_seconds() -> float:
    """CPU time of the processes that were ended and reaped."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime


def _cpu_of(pid: int) -> float:
    # The name field may hold spaces and brackets: fields are counted from the last closing one.
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / _TICK


def starved(wall: float, before: Mapping[tuple[int, str], float]) -> bool:
    """Whether a thread of the job has waited for a CPU for most of the `wall` seconds since `before` was taken."""
    known = waits()
    if known:
        return max(wait - before.get(task, 0.0) for task, wait in known.items()) > wall / 2
    load = _read("/proc/loadavg").split()
    return bool(load) and float(load[0]) > 2 * (os.cpu_count() or 1)


def waits() -> dict[tuple[int, str], float]:
    """How long each thread of the job has waited for a CPU so far; nothing where the kernel does not say."""
    found = {}
    for pid in other_processes():
        for task in _tasks(pid):
            stat = _read(f"/proc/{pid}/task/{task}/schedstat").split()
            if len(stat) == 3:
                found[pid, task] = int(stat[1]) / 1e9
    return found


def _tasks(pid: int) -> list[str]:
    try:
        return os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []


def oom_kills() -> int:
    """How many processes the kernel has killed in this container for want of memory."""
    return _count("oom_kill", _OOM_FILES)


def counts_ooms() -> bool:
    """Whether the kernel tells here when it kills for want of memory; that of gVisor does not."""
    return any(map(_read, _OOM_FILES))


def refused_forks() -> int:
    """How often the kernel has refused this container one more process or thread."""
    return _count("max", _PIDS_FILES)


def _count(key: str, paths: tuple[str, ...]) -> int:
    for path in paths:
        for line in _read(path).splitlines():
            name, _, value = line.partition(" ")
            if name == key and value.strip().isdigit():
                return int(value)
    return 0


def ipc_objects() -> int:
    """How many System V objects exist: they outlive their processes and only a new container is rid of them."""
    return sum(max(0, len(_read(f"/proc/sysvipc/{kind}").splitlines()) - 1) for kind in ("shm", "sem", "msg"))


def virtual_memory() -> int:
    """The address space of this process in bytes."""
    return int(_read("/proc/self/statm").split()[0]) * _PAGE


def resident_memory() -> int:
    """The bytes of this process that are in memory."""
    return int(_read("/proc/self/statm").split()[1]) * _PAGE
