"""PID 1 of a slot: answers the host's frames one by one, forks each job, and leaves nothing of it behind.

It holds no secrets and makes no verdicts: what it sends are facts, judged on the host by `verdict`.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import sys
import time
import traceback
from importlib import import_module
from typing import Any

import _pytest.config
import pytest

from ..frames import Decoder, FrameError, encode
from . import accounting, borrowed, prebuilt, running
from .child import Job, set_dumpable
from .jobs import JOBS, LINKED, Codes, Main
from .split_link import Link
from .supervise import Budget, Facts, Supervisor
from .wipe import Wiper

__all__ = ["main"]

_IDLE = 30.0  # seconds without a frame after which the host is taken for dead
_BEAT = 2.0
_PRELOADED = (
    "_pytest._argcomplete",
    "_pytest._py.path",
    "asyncio",
    "dataclasses",
    "datetime",
    "decimal",
    "hypothesis",
    "pdb",
    "json",
    "pprint",
    "typing",
    "unittest",
)


class _HostGone(Exception):
    """The host hung up, said bye, or told the container to stop."""


def main() -> None:
    """Serve until the host hangs up."""
    set_dumpable(False)
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)
    # Blocked and taken when no job runs: only then is it certain that no job sent it.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    # Kept by this name: a fork that lets go of it would close the descriptor, by then another file.
    null = sys.stdin = sys.stdout = open(os.devnull, "r+")  # noqa: F841, SIM115
    _preload()
    problem = running.install()
    gc.collect()
    gc.freeze()  # collections in a fork then leave these pages shared
    try:
        _Zygote(problem).serve()
    except _HostGone:
        os._exit(0)
    except FrameError as error:
        os.write(2, f"zygote: {error}\n".encode())
        os._exit(2)


def _preload() -> None:
    """Import what nearly every job imports, so that each fork has it already; code of the project comes later."""
    names = [f"_pytest.{name}" for name in _pytest.config.default_plugins]
    for name in [*names, *prebuilt.PLUGINS, *_PRELOADED]:
        # A plugin that does not import fails again in the job that asks for it, where it is seen.
        with contextlib.suppress(Exception):
            import_module(name)


class _Zygote:
    def __init__(self, problem: str) -> None:
        self._problem = problem
        self._decoder = Decoder()
        self._queue: list[dict[str, Any]] = []
        self._wiper = Wiper()
        self._codes = Codes()
        self._setup: Job | None = None
        self._job: Job | None = None
        self._clean = True
        self._last_frame = self._last_beat = time.monotonic()
        self._link = Link(self._send)
        self._supervisor = Supervisor(pulse=self._pulse, readable=self._read)

    def serve(self) -> None:
        self._send(
            {
                "kind": "hello",
                "python": list(sys.version_info[:3]),
                "executable": sys.executable,
                "pytest": pytest.__version__,
                "threads": accounting.thread_count(),
                "rss": accounting.resident_memory(),
                "plain": self._problem,
            }
        )
        while True:
            job = self._next()
            if job.get("kind") == "bye":
                return
            self._answer(job)

    def _next(self) -> Job:
        while not self._queue:
            if _terminated():
                raise _HostGone
            if time.monotonic() - self._last_frame > _IDLE:
                raise _HostGone
            if select.select([0], [], [], 0.25)[0]:
                self._read()
        return self._queue.pop(0)

    def _read(self) -> None:
        data = os.read(0, 1 << 20)
        if not data:
            raise _HostGone
        self._last_frame = time.monotonic()
        for frame in self._decoder.feed(data):
            if frame.get("kind") == "relay":
                self._link.from_host(frame)
                continue
            self._link.begin(frame.get("id"))
            self._queue.append(frame)

    def _pulse(self) -> None:
        now = time.monotonic()
        if self._job is not None and now - self._last_beat > _BEAT:
            self._last_beat = now
            self._send({"id": self._job.get("id"), "kind": "heartbeat"})

    def _answer(self, job: Job) -> None:
        self._job, self._last_beat = job, time.monotonic()
        try:
            result = self._do(job)
        except (_HostGone, FrameError):
            raise
        except Exception as error:  # told to the host, which gives this slot up
            place = traceback.extract_tb(error.__traceback__)[-1]
            result = {"problem": f"{type(error).__name__}: {error} ({place.name}:{place.lineno})"[:500]}
        self._job = None
        head = {"id": job.get("id"), "nonce": job.get("nonce"), "kind": "result"}
        self._send({**head, **result})
        self._last_frame = time.monotonic()

    def _do(self, job: Job) -> dict[str, Any]:
        kind = job.get("kind")
        if kind == "ping":
            return {"ok": True}
        if kind == "setup":
            self._setup = {key: job[key] for key in ("project", "snapshot", "roots", "plain")}
            self._wiper.add(job["project"])
            borrowed.give_back(job["snapshot"], job["roots"])
            return {"ok": True, "clean": self._wiper.wipe()}
        if kind not in JOBS:
            return {"problem": f"unknown kind of job: {kind!r}"}
        if self._setup is None:
            return {"problem": "a job came before setup"}
        self._clean = True
        runs = JOBS[kind](self._run, {**job, **self._setup}, self._codes)
        return {"runs": [run.told() for run in runs], "clean": self._clean, "rss": accounting.resident_memory()}

    def _run(self, main: Main, job: Job, budget: Budget) -> Facts:
        try:
            return self._supervisor.run(main, job, budget, self._link if main in LINKED else None)
        finally:
            # A signal that may have been the job's ends nothing; if it was the engine's, this is the last job here.
            told_to_end = _terminated()
            self._clean &= self._wiper.wipe() and not accounting.ipc_objects() and not told_to_end

    def _send(self, message: dict[str, Any]) -> None:
        data = memoryview(encode(message))
        while data:
            data = data[os.write(1, data) :]


def _terminated() -> bool:
    """Whether there is a SIGTERM without a sender; all there are are taken.

    One from outside of this PID namespace has no sender in it, nor has one that the kernel had no memory to describe.
    """
    found = False
    while (caught := signal.sigtimedwait([signal.SIGTERM], 0)) is not None:
        found |= caught.si_pid == 0
    return found
