"""The first and last steps of a forked job: what it may use, what it keeps open, and how it reports to PID 1."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import resource
import signal
import sys
from typing import TYPE_CHECKING, Any, Protocol

from ..frames import encode
from .accounting import counts_ooms, virtual_memory

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LINK", "Channel", "Job", "Send", "Sends", "address_space", "expected_status", "set_dumpable", "start"]

Job = dict[str, Any]
LINK = 4  # the descriptor on which a job of a split run hears the other one
_PR_SET_DUMPABLE = 4
_GIB = 1 << 30
_libc = ctypes.CDLL(None, use_errno=True)


class Send(Protocol):
    """Writes messages to PID 1, all in one go."""

    def __call__(self, *messages: dict[str, Any]) -> None: ...


class Sends(Protocol):
    """Whatever has a way to PID 1."""

    @property
    def send(self) -> Send:
        """That way."""
        ...


def set_dumpable(on: bool) -> None:
    """Say whether processes of the same user may trace this one and open its memory and descriptors."""
    if _libc.prctl(_PR_SET_DUMPABLE, int(on), 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_DUMPABLE) was refused")


def expected_status(secret: bytes) -> int:
    """The exit status that says that a job ended by its own last step."""
    return 64 + secret[0] % 64


class Channel:
    """The way from a job to PID 1; every message carries the job's secret."""

    def __init__(self, fd: int, secret: bytes) -> None:
        text, status, write, leave = secret.hex(), expected_status(secret), os.write, os._exit
        look, pipe = os.fstat, os.fstat(fd)

        def send(*messages: dict[str, Any]) -> None:
            now = look(fd)
            if (now.st_dev, now.st_ino) != (pipe.st_dev, pipe.st_ino):
                raise OSError("the descriptor of the results leads elsewhere")
            data = memoryview(b"".join([encode({"secret": text, **message}) for message in messages]))
            while data:
                data = data[write(fd, data[:65536]) :]

        # Closures, not attributes: what a candidate patches in `os` afterwards changes neither of the two.
        self.send: Send = send
        self.leave: Callable[[], None] = lambda: leave(status)


def start(
    main: Callable[[Job, Channel], None], job: Job, *, control: int, result: int, cpu: float, linked: bool = False
) -> None:
    """Run `main` in this freshly forked process and end it; never returns."""
    try:
        secret = os.read(control, 32)
        _confine(result, cpu, job["limits"], control if linked else None)
        channel = Channel(3, secret)
        main(job, channel)
        channel.leave()
    finally:
        os._exit(1)


def _confine(result: int, cpu: float, limits: dict[str, Any], link: int | None) -> None:
    os.setsid()
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_DFL)  # PID 1 ignores them, and children of tests would inherit that
    _keep_only(result, link)
    set_dumpable(True)  # tests of debuggers and of /proc/self work; nothing of PID 1 is in reach
    with contextlib.suppress(OSError):
        fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(fd, b"1000")
        os.close(fd)
    _limit(resource.RLIMIT_AS, address_space(virtual_memory(), limits["memory_bytes"], counted=counts_ooms()))
    _limit(resource.RLIMIT_CPU, int(cpu) + 2)
    _limit(resource.RLIMIT_FSIZE, limits["disk_bytes"])
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, 256)
    # The kernel counts it for the user, whom slots of another run may share; the cgroup holds the limit itself.
    _limit(resource.RLIMIT_NPROC, 4 * limits["processes"])
    # Below the container's own: a full queue would make a signal to PID 1 lose its sender and seem to be the engine's.
    _limit(resource.RLIMIT_SIGPENDING, 256)


def address_space(used: int, memory: int, *, counted: bool) -> int:
    """The limit of a job's address space.

    Where the kernel counts memory and says when it kills, this one is only for what is never touched. Where not, too
    much memory would end the whole container without a word, so the job has to meet its limit before.
    """
    return used + (max(2 * _GIB, 2 * memory) if counted else memory)


def _keep_only(result: int, link: int | None) -> None:
    null = os.open("/dev/null", os.O_RDWR)
    kept = [fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (result, link) if fd is not None]
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    for place, fd in enumerate(kept, 3):  # LINK is the second of them
        os.dup2(fd, place, inheritable=False)
    os.closerange(3 + len(kept), 65536)
    # PID 1 has its own on a descriptor that is closed by now.
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115


def _limit(kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (bound, bound))
