"""Runs inside a container and prints what it may and may not do; its one argument is the project's folder."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

UNWRITABLE = ("/x", "/etc/passwd", "/usr/lib/x", "/snapshot/x", "/supercharger/x", f"{sys.prefix}/x", "/root/x")
KERNEL = ("/proc/sys/kernel/core_pattern", "/sys/fs/cgroup/x", "/dev/x")
NEW_USER_NAMESPACE = 0x10000000


def attempt(call: Callable[..., object], *arguments: object) -> str:
    """What came of a call: "done", or the name of its error."""
    try:
        call(*arguments)
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return "done"


def system_call(number: int, *arguments: int) -> str:
    """What came of a bare system call."""
    libc = ctypes.CDLL(None, use_errno=True)
    return "done" if libc.syscall(number, *arguments) >= 0 else errno.errorcode[ctypes.get_errno()]


def make_socket(family: int, kind: int = socket.SOCK_STREAM, protocol: int = 0) -> str:
    """What comes of making a socket."""
    return attempt(lambda: socket.socket(family, kind, protocol).close())


def touch(path: str) -> None:
    """Open for writing."""
    with Path(path).open("w"):
        pass


def fill(folder: str) -> None:
    """Write 256 MiB in files of 16."""
    for index in range(16):
        Path(folder, f"part{index}").write_bytes(bytes(16 << 20))


def crowd() -> None:
    """Start 200 processes."""
    children: list[int] = []
    try:
        for _ in range(200):
            child = os.fork()
            if not child:
                time.sleep(60)
                os._exit(0)
            children.append(child)
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def x86_64_calls() -> dict[str, str]:
    """What comes of calls that reach the kernel or other processes."""
    return {
        "unshare": system_call(272, NEW_USER_NAMESPACE),
        "clone": system_call(56, NEW_USER_NAMESPACE | 17, 0, 0, 0, 0),
        "keyctl": system_call(250, 0, 0),
        "ptrace": system_call(101, 0, 0, 0, 0),
        "io_uring_setup": system_call(425, 1, 0),
        "prlimit64 of another": system_call(302, 2, 7, 0, 0),
        "prlimit64 of itself": system_call(302, 0, 7, 0, 0),
    }


def main() -> None:
    """Print all facts as JSON."""
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    facts = {
        "status": {name: int(status[name], 16) for name in ("NoNewPrivs", "CapEff", "CapBnd", "CapAmb", "Seccomp")},
        "user": [os.getuid(), os.geteuid(), os.getgid(), *os.getgroups()],
        "pid": os.getpid(),
        "interfaces": sorted(path.name for path in Path("/sys/class/net").iterdir()),
        "connect": attempt(lambda: socket.create_connection(("198.51.100.1", 80), timeout=2)),
        "written": {path: attempt(touch, path) for path in (*UNWRITABLE, *KERNEL)},
        "usable sockets": [make_socket(family) for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX)],
        "other sockets": {
            "netlink": make_socket(socket.AF_NETLINK, socket.SOCK_RAW),
            "packet": make_socket(socket.AF_PACKET, socket.SOCK_RAW),
            "vsock": make_socket(socket.AF_VSOCK),
            "alg": make_socket(socket.AF_ALG, socket.SOCK_SEQPACKET),
            "raw": make_socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
        },
        "calls": x86_64_calls() if os.uname().machine == "x86_64" else {},
        "filled": {folder: attempt(fill, folder) for folder in ("/tmp", "/dev/shm")},
        "crowd": attempt(crowd),
        "environment": sorted(os.environ),
        "mounts": [line.split()[1:4] for line in Path("/proc/mounts").read_text().splitlines()],
        "docker socket": Path("/var/run/docker.sock").exists(),
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
