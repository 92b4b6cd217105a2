"""The candidate's half of a split run: imports the project with the candidate in it and does what it is asked."""

from __future__ import annotations

import importlib
import io
import os
import sys
import warnings
from typing import TYPE_CHECKING, Any

from . import overlay
from .child import LINK
from .reporting import record_stubs
from .split_line import Line
from .split_link import JobEnd
from .split_peer import Peer
from .split_sides import CandidateSide

if TYPE_CHECKING:
    from .child import Channel, Job

__all__ = ["main"]

_MOST_WARNINGS = 100


def main(job: Job, channel: Channel) -> None:
    """Serve the test's half until it is over."""
    os.makedirs("/tmp/p")
    os.chdir("/tmp/p")
    overlay.install(job["overlay"], job["snapshot"], job["roots"])
    record_stubs(channel.send)
    end = JobEnd(channel)
    side = _Serving(job["snapshot"])
    line = Line(end.send, end.receive)
    line.on_message = _Turns(channel).note
    line.before_send = _Said(side).take
    Peer(side, line, LINK).serve()
    channel.send({"type": "end", "exit": 0, "collected": []})


class _Serving(CandidateSide):
    def load(self, name: str) -> None:
        """Import a module."""
        importlib.import_module(name)


class _Turns:
    """Begins a unit with each one of the test's half; the first of them ends the time for imports."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._unit = 0

    def note(self, message: dict[str, Any]) -> None:
        """Look at a message from the test's half."""
        if message["unit"] != self._unit:
            self._unit = message["unit"]
            self._channel.send({"type": "begin", "unit": f"calls of {self._unit}"})


class _Said:
    """What the candidate printed and warned of, to be seen by the test's captures."""

    def __init__(self, side: CandidateSide) -> None:
        self._side = side
        self._out, self._err = io.StringIO(), io.StringIO()
        self._warned: list[Any] = []
        sys.stdout, sys.stderr = self._out, self._err
        warnings.simplefilter("always")
        warnings.showwarning = self._note

    def take(self) -> dict[str, Any]:
        """What has come since the last message."""
        said = {"out": _emptied(self._out), "err": _emptied(self._err), "warned": self._warned}
        self._warned = []
        return {key: value for key, value in said.items() if value}

    def _note(self, message: Any, category: type[Warning], *where: object, **more: object) -> None:
        if len(self._warned) < _MOST_WARNINGS:
            mro = [self._side.reference(base) or base.__name__ for base in category.__mro__[:-1]]
            self._warned.append([mro, str(message)])


def _emptied(stream: io.StringIO) -> str:
    text = stream.getvalue()
    if text:
        stream.seek(0)
        stream.truncate()
    return text
