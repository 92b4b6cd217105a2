"""The line between two slots: what a job says to the job in the other one goes through PID 1 and the host, unread."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from ..frames import Decoder, FrameError, encode
from .child import LINK, Channel

__all__ = ["JobEnd", "Link"]

_PIPE_BYTES = 1 << 20
_MOST_WAITING = 32 << 20
_MESSAGE_CPU, _CHARACTER_CPU = 0.0005, 0.000001  # seconds; some two or three times what was measured
_LAST_SECONDS = 2.0  # for a job to end once it was told that the other one has


class Link:
    """PID 1's part: host to job without ever waiting for the job to read, job to host as it comes."""

    def __init__(self, send: Callable[[dict[str, Any]], None]) -> None:
        self._send = send
        self._job: object = None
        self._fd: int | None = None
        self._waiting = bytearray()
        self._ended_at: float | None = None
        self._reset()

    def _reset(self) -> None:
        self.sent = self._messages = self._characters = 0
        self._waited = 0.0
        self._waits_since: float | None = None

    def begin(self, job: object) -> None:
        """Get ready for the job with this id, ahead of its process: the host may speak to it before it is there."""
        self._job, self._fd, self._ended_at = job, None, None
        self._waiting.clear()
        self._reset()

    def attach(self, fd: int) -> None:
        """Deliver to this pipe from now on."""
        self._fd = fd
        os.set_blocking(fd, False)
        with contextlib.suppress(OSError):
            fcntl.fcntl(fd, getattr(fcntl, "F_SETPIPE_SZ", 1031), _PIPE_BYTES)
        self.flush()

    def detach(self) -> None:
        """Deliver no more."""
        self._fd = self._job = None

    def from_host(self, frame: dict[str, Any]) -> None:
        """Take a frame for the job; one for another job, which is over, is dropped."""
        if frame.get("id") != self._job:
            return
        data = frame.get("data")
        now = time.monotonic()
        # Also for what the job has no room for: it is its turn to read, and its time that passes.
        self._waited, self._waits_since = self.waited(now), None
        if len(self._waiting) > _MOST_WAITING:
            return
        if data is None:
            self._ended_at = now
        else:
            self._count(data)
        self._waiting += encode({"data": data})
        self.flush()

    def from_job(self, message: dict[str, Any]) -> None:
        """Pass a message of the job on."""
        data = message.get("data")
        if isinstance(data, str):
            # Whoever has spoken waits: for all time that is not the line's own it is the turn of one of the halves.
            self._waits_since = self._waits_since or time.monotonic()
            self.sent += 1
            self._count(data)
            try:
                self._send({"id": self._job, "kind": "relay", "data": data})
            except FrameError:  # written again by us it is longer than a frame: more than anybody may say
                self.sent = sys.maxsize

    def flush(self) -> None:
        """Deliver as much as the job has room for."""
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            while self._fd is not None and self._waiting:
                del self._waiting[: os.write(self._fd, self._waiting)]

    def waited(self, now: float) -> float:
        """Seconds for which it was the turn of the other job, or of the line."""
        return self._waited + (0.0 if self._waits_since is None else now - self._waits_since)

    @property
    def cpu(self) -> float:
        """Seconds of CPU time for reading and writing what was said."""
        return self._messages * _MESSAGE_CPU + self._characters * _CHARACTER_CPU

    def _count(self, data: str) -> None:
        self._messages += 1
        self._characters += len(data)

    @property
    def overdue(self) -> bool:
        """Whether the job goes on although it was told long ago that the other one is over."""
        return self._ended_at is not None and time.monotonic() - self._ended_at > _LAST_SECONDS


class JobEnd:
    """The job's part: texts to and from the job in the other slot."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._decoder = Decoder()
        self._over = False

    def send(self, text: str) -> None:
        """Say a text."""
        self._channel.send({"type": "relay", "data": text})

    def receive(self, wait: bool) -> list[str] | None:
        """The texts that have come, at least one unless `wait` is off; None once the other job is over."""
        texts: list[str] = []
        while not self._over:
            os.set_blocking(LINK, wait)
            try:
                data = os.read(LINK, 1 << 16)
            except BlockingIOError:
                return texts
            said = [message["data"] for message in self._decoder.feed(data)]
            self._over = not data or None in said
            texts += [text for text in said if text is not None]
            if texts:
                return texts
        return None
