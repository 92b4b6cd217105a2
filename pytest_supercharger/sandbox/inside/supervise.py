"""One forked job from fork to the last trace of it, as PID 1 sees it.

A job works through units (a test, an input) and says when it begins one. PID 1 does all timing, because the job can
reset any timer of its own. What comes out are facts; what they mean is decided on the host.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..frames import DEPTH, FRAME_LIMIT, Decoder, FrameError, encode
from . import accounting
from .child import Channel, Job, expected_status, start
from .meter import Budget, Meter

if TYPE_CHECKING:
    from collections.abc import Callable

    from .split_link import Link

__all__ = ["Budget", "Facts", "Supervisor"]

_TICK = 0.05  # seconds between two looks at the limits
_TICK_WITHOUT_HANDLE = 0.005
_GRACE = 0.25  # seconds for helper processes to notice that the job is over
_READ = 1 << 16
_WRAPPED = 8  # levels that the answer to the host puts around a message


@dataclass
class Facts:
    """What PID 1 saw of one forked job."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    foreign: int = 0  # bytes or messages on the result pipe that no honest job writes
    status: int | None = None
    signal: int | None = None
    own_status: bool = False  # the exit status is the one only the job's own last step gives
    limit: str = ""  # "cpu", "wall", "total", "output", "messages" or "processes": the limit that the job ran into
    starved: bool = False
    ooms: int = 0
    leftover: int = 0  # processes that outlived the job
    unit: str = ""  # begun and not done
    lead: bool = True  # no unit was begun yet
    cpu: float = 0.0
    wall: float = 0.0
    received: int = 0  # bytes of messages
    kept: int = 0  # those of `messages` in the answer to the host

    def told(self) -> dict[str, Any]:
        """The fields that the host is told."""
        return {name: value for name, value in vars(self).items() if name not in ("received", "kept")}

    @property
    def odd(self) -> bool:
        """Whether anything but the job itself ended it, or something was left of it."""
        return bool(self.limit or self.ooms or self.leftover or self.foreign)


class Supervisor:
    """Forks a job, watches it, and leaves no process of it behind."""

    def __init__(self, *, pulse: Callable[[], None], readable: Callable[[], None], host: int = 0) -> None:
        self._ooms, self._refused = accounting.oom_kills(), accounting.refused_forks()
        self.pulse = pulse  # called about every tick
        self.readable = readable  # called when the host has sent something
        self.host = host  # the descriptor the host's frames come from

    def new_ooms(self) -> int:
        """How many processes were killed for want of memory since the last question."""
        known, self._ooms = self._ooms, accounting.oom_kills()
        return max(0, self._ooms - known)

    def new_refusals(self) -> int:
        """How often one more process or thread was refused since the last question."""
        known, self._refused = self._refused, accounting.refused_forks()
        return max(0, self._refused - known)

    def run(self, main: Callable[[Job, Channel], None], job: Job, budget: Budget, link: Link | None = None) -> Facts:
        """Run `main(job, channel)` in a fork within `budget`; `link` is its line to the job of another slot."""
        if accounting.thread_count() != 1:
            raise RuntimeError("PID 1 has more than one thread: forking is not safe")
        secret = os.urandom(32)
        control, control_in = os.pipe()
        result, result_in = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(control_in)
            cpu = budget.lead_cpu + budget.total_wall
            start(main, job, control=control, result=result_in, cpu=cpu, linked=link is not None)
        os.close(control)
        os.close(result_in)
        try:
            os.write(control_in, secret)
            if link is not None:
                link.attach(control_in)
            return _Watch(self, pid, result, secret, budget, link).run()
        finally:
            if link is not None:
                link.detach()
            os.close(control_in)
            os.close(result)


class _Watch:
    def __init__(
        self, owner: Supervisor, pid: int, result: int, secret: bytes, budget: Budget, link: Link | None
    ) -> None:
        self.owner, self.pid, self.result, self.budget = owner, pid, result, budget
        self.link = link
        self.secret, self.own = secret.hex(), expected_status(secret)
        self.facts = Facts()
        self.decoder = Decoder(min(budget.output, FRAME_LIMIT), DEPTH - _WRAPPED)
        self.begun = self.looked = time.monotonic()
        self.ended_cpu = accounting.ended_cpu_seconds()
        self.meter = Meter(budget, link)
        self.open = True
        os.set_blocking(result, False)

    def run(self) -> Facts:
        poller = select.poll()
        poller.register(self.owner.host, select.POLLIN)
        poller.register(self.result, select.POLLIN)
        handle = _pidfd(self.pid)
        if handle is not None:
            poller.register(handle, select.POLLIN)
        try:
            self._watch(poller, handle)
        finally:
            if handle is not None:
                os.close(handle)
            self._clear()
        return self._finish()

    def _watch(self, poller: select.poll, handle: int | None) -> None:
        tick = _TICK if handle is not None else _TICK_WITHOUT_HANDLE
        while not self.facts.limit:
            ready = [fd for fd, _ in poller.poll(tick * 1000)]
            if self.result in ready and not self._drain():
                poller.unregister(self.result)
            if self.owner.host in ready:
                self.owner.readable()
            if self.link is not None:
                self.link.flush()
            looking = time.monotonic() - self.looked >= tick
            if handle in ready or looking:
                _reap(self._note_if_ours)  # orphans of the job too, or they would fill the process table
                if self.facts.status is not None or self.facts.signal is not None:
                    return
            if looking:
                self.owner.pulse()
                self._look()

    def _note_if_ours(self, pid: int, status: int) -> None:
        if pid != self.pid:
            return
        if os.WIFSIGNALED(status):
            self.facts.signal = os.WTERMSIG(status)
        else:
            self.facts.status = os.WEXITSTATUS(status)
            self.facts.own_status = self.facts.status == self.own

    def _drain(self) -> bool:
        """Take what is in the pipe; False when there is no more to come."""
        while self.open:
            try:
                data = os.read(self.result, _READ)
            except BlockingIOError:
                return True
            if not data:
                self.open = False
                break
            self.facts.received += len(data)
            if self.facts.received > self.budget.output:
                self.facts.limit = self.facts.limit or ("output" if self.link is None else "messages")
                self.open = False
                break
            self._take(data)
            if len(data) < _READ:
                return True
        return False

    def _take(self, data: bytes) -> None:
        try:
            messages = self.decoder.feed(data)
        except FrameError:
            self.facts.foreign += 1
            return
        for message in messages:
            if message.pop("secret", None) != self.secret:
                self.facts.foreign += 1
            elif message.get("type") in ("begin", "done"):
                self._turn(message)
            elif message.get("type") == "relay" and self.link is not None:
                self.link.from_job(message)
            else:
                if message.get("type") == "reached":
                    self.meter.hurry()
                self._keep(message)

    def _keep(self, message: dict[str, Any]) -> None:
        # Written again by us it may be longer, 1e9 is 1000000000.0 then, and that is what has to fit into a frame.
        try:
            self.facts.kept += len(encode(message))
        except FrameError:
            self.facts.kept += FRAME_LIMIT
        if self.facts.kept > self.budget.kept:
            self.facts.limit = self.facts.limit or "output"
            self.open = False
        else:
            self.facts.messages.append(message)

    def _turn(self, message: dict[str, Any]) -> None:
        self.facts.unit = str(message.get("unit", ""))[:2000] if message["type"] == "begin" else ""
        self.facts.lead = False
        self.meter.turn()

    def _look(self) -> None:
        self.looked = time.monotonic()
        limit, starved = self.meter.look()
        if not self.facts.limit:
            self.facts.limit, self.facts.starved = limit, starved

    def _clear(self) -> None:
        if not self.facts.limit and not self._all_gone(_GRACE):
            self.facts.leftover = len(accounting.other_processes())
        deadline = time.monotonic() + 10
        while not _reap(self._note_if_ours):
            if time.monotonic() > deadline:
                raise RuntimeError("processes of the job do not die")
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)
            time.sleep(0.001)
        self._drain()

    def _all_gone(self, seconds: float) -> bool:
        # Orphans are PID 1's children: where it has none, there is no process left.
        deadline = time.monotonic() + seconds
        while not _reap(self._note_if_ours):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.002)
        return True

    def _finish(self) -> Facts:
        facts = self.facts
        if self.decoder.pending:
            facts.foreign += 1
        if facts.signal == signal.SIGXCPU:
            facts.limit = facts.limit or "cpu"
        if self.owner.new_refusals():
            facts.limit = facts.limit or "processes"
        facts.ooms = self.owner.new_ooms()
        facts.cpu = round(accounting.ended_cpu_seconds() - self.ended_cpu, 4)
        facts.wall = round(time.monotonic() - self.begun, 4)
        return facts


def _pidfd(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):  # an old kernel, or a seccomp profile without it: poll more often instead
        return None


def _reap(note: Callable[[int, int], None]) -> bool:
    """Reap what has ended; True when no process is left."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return True
        if not pid:
            return False
        note(pid, status)
