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
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from typing import Any

import _pytest.config
import pytest

from ..frames import Decoder, FrameError, encode
from . import accounting, gate, probing, running, split_serve, split_test
from .child import Channel, Job, set_dumpable
from .split_link import Link
from .supervise import PATIENCE, Budget, Facts, Supervisor
from .wipe import mount_points, wipe

__all__ = ["main"]

_IDLE = 30.0  # seconds without a frame after which the host is taken for dead
_BEAT = 2.0
_FOLDERS = ("/tmp", "/dev/shm", "/dev/mqueue", "/var/tmp", "/run/lock")
_RESTARTS = 3  # forks of a gate job that a test may end
_PROBE_RESTARTS = 1  # of a probe job that an input may end: a candidate that hung twice is taken to hang on the rest
_GATE_OUTPUT = 6 << 20
_GATE_NODES = 20_000
_LINK_OUTPUT = 64 << 20  # of a split run: all that its two halves say to each other
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


Main = Callable[[Job, Channel], None]
Run = Callable[[Main, Job, Budget], Facts]


class _HostGone(Exception):
    """The host hung up, said bye, or told the container to stop."""


def main() -> None:
    """Serve until the host hangs up."""
    set_dumpable(False)
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)
    # Blocked and polled: only so can a SIGTERM of the engine be told from one that a job sent.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    sys.stdin = sys.stdout = open(os.devnull, "r+")  # noqa: SIM115 - open for the life of the process
    _preload()
    gc.collect()
    gc.freeze()  # collections in a fork then leave these pages shared
    try:
        _Zygote().serve()
    except _HostGone:
        os._exit(0)
    except FrameError as error:
        os.write(2, f"zygote: {error}\n".encode())
        os._exit(2)


def _preload() -> None:
    """Import what nearly every job imports, so that each fork has it already; code of the project comes later."""
    names = [f"_pytest.{name}" for name in _pytest.config.default_plugins]
    for name in [*names, *running.PLUGINS, *_PRELOADED]:
        # A plugin that does not import fails again in the job that asks for it, where it is seen.
        with contextlib.suppress(Exception):
            import_module(name)


class _Zygote:
    def __init__(self) -> None:
        self._decoder = Decoder()
        self._queue: list[dict[str, Any]] = []
        self._mounts = mount_points()
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
            }
        )
        while True:
            job = self._next()
            if job.get("kind") == "bye":
                return
            self._answer(job)

    def _next(self) -> Job:
        while not self._queue:
            _check_terminated()
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
        _check_terminated()
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
            self._setup = {key: job[key] for key in ("project", "snapshot", "roots")}
            return {"ok": True, "clean": self._wipe()}
        if kind not in _JOBS:
            return {"problem": f"unknown kind of job: {kind!r}"}
        if self._setup is None:
            return {"problem": "a job came before setup"}
        self._clean = True
        runs = _JOBS[kind](self._run, {**job, **self._setup})
        return {"runs": [asdict(run) for run in runs], "clean": self._clean}

    def _run(self, main: Main, job: Job, budget: Budget) -> Facts:
        try:
            return self._supervisor.run(main, job, budget, self._link if main in _LINKED else None)
        finally:
            self._clean &= self._wipe()

    def _wipe(self) -> bool:
        folders = [*_FOLDERS, *([self._setup["project"]] if self._setup else [])]
        wiped = [wipe(folder, self._mounts) for folder in folders if os.access(folder, os.W_OK)]
        return all(wiped) and not accounting.ipc_objects()

    def _send(self, message: dict[str, Any]) -> None:
        data = memoryview(encode(message))
        while data:
            data = data[os.write(1, data) :]


def _check_terminated() -> None:
    caught = signal.sigtimedwait([signal.SIGTERM], 0)
    # A sender outside of this PID namespace has no id in it.
    if caught is not None and caught.si_pid == 0:
        raise _HostGone


def _budget(job: Job, units: int, *, output: int | None = None) -> Budget:
    limits = job["limits"]
    lead = max(limits["import_seconds"], 3 * limits["seconds"])
    return Budget(
        lead_cpu=limits["import_seconds"],
        unit_cpu=limits["seconds"],
        lead_wall=lead,
        unit_wall=3 * limits["seconds"],
        total_wall=PATIENCE * (lead + 3 * limits["seconds"] * units) + 5,
        output=output or limits["output_bytes"],
    )


def _tests(run: Run, job: Job) -> list[Facts]:
    return [run(running.main, job, _budget(job, 1))]


def _split_test(run: Run, job: Job) -> list[Facts]:
    return [run(split_test.main, job, _budget(job, 1, output=_LINK_OUTPUT))]


def _split_serve(run: Run, job: Job) -> list[Facts]:
    return [run(split_serve.main, job, _budget(job, 1, output=_LINK_OUTPUT))]


def _probe(run: Run, job: Job) -> list[Facts]:
    runs: list[Facts] = []
    finished: list[str] = []
    units = [f"{index}:{run}" for index in range(len(job["probes"])) for run in range(probing.RUNS)]
    while len(runs) <= _PROBE_RESTARTS and len(finished) < len(units):
        job_now = {**job, "finished": finished}
        runs.append(run(probing.main, job_now, _budget(job, len(units) - len(finished))))
        if not runs[-1].unit:
            break
        finished = _finished_probes(runs, units)
    return runs


def _finished_probes(runs: list[Facts], units: list[str]) -> list[str]:
    done = {message.get("unit") for run in runs for message in run.messages if message.get("type") == "ended"}
    # An input that ended its process once is not tried a second time.
    hung = {run.unit.partition(":")[0] for run in runs if run.unit}
    return [unit for unit in units if unit in done or unit.partition(":")[0] in hung]


def _gate(run: Run, job: Job) -> list[Facts]:
    runs: list[Facts] = []
    left = job["limits"]["gate_seconds"]
    finished: list[str] = []
    while len(runs) <= _RESTARTS and left > 0:
        base = _budget(job, _GATE_NODES, output=_GATE_OUTPUT // (len(runs) + 1))
        budget = Budget(**{**asdict(base), "lead_cpu": left, "lead_wall": left, "total_wall": left})
        runs.append(run(gate.main, {**job, "finished": finished}, budget))
        left -= runs[-1].wall
        if not runs[-1].unit or runs[-1].unit in finished:
            break
        finished = [message["node"] for run in runs for message in run.messages if _is_test(message)]
        finished += [run.unit for run in runs if run.unit]
    return runs


def _is_test(message: dict[str, Any]) -> bool:
    return message.get("type") == "test" and isinstance(message.get("node"), str)


_JOBS = {"tests": _tests, "probe": _probe, "gate": _gate, "split_test": _split_test, "split_serve": _split_serve}
_LINKED = (split_test.main, split_serve.main)
