"""Number 43 and 44 of the catalogue, from the other side: a container that was taken over and talks to the host."""

from __future__ import annotations

import socket
import struct
import threading
import time
from typing import TYPE_CHECKING, Any, cast

import pytest

from pytest_supercharger.sandbox.frames import encode
from pytest_supercharger.sandbox.slot import Slot, SlotBroken
from pytest_supercharger.sandbox.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from docker import APIClient

_SECONDS = 0.5


class NoEngine:
    """Stands for the engine where a slot only has to remove its container."""

    def remove_container(self, container: str, *, force: bool, v: bool) -> None:
        """Nothing is there to be removed."""


class Peer:
    """The other end of a slot: says `words` when it is asked, then keeps the line open, or drips."""

    def __init__(self, words: bytes, drip: bytes = b"") -> None:
        self._socket, host = socket.socketpair()
        self.slot = Slot(cast("APIClient", NoEngine()), "container", Stream(host))
        self._words, self._drip = words, drip
        self._thread = threading.Thread(target=self._talk, daemon=True)
        self._thread.start()

    def _talk(self) -> None:
        try:
            self._socket.recv(1 << 16)
            for start in range(0, len(self._words), 1 << 16):
                self._say(self._words[start : start + (1 << 16)])
            while self._drip:
                self._say(self._drip)
        except OSError:
            return

    def _say(self, data: bytes) -> None:
        self._socket.sendall(struct.pack(">BxxxL", 1, len(data)) + data)

    def close(self) -> None:
        self.slot.destroy()
        self._socket.close()
        self._thread.join()


@pytest.fixture
def peer() -> Iterator[Callable[..., Peer]]:
    peers: list[Peer] = []

    def make(*arguments: Any) -> Peer:
        peers.append(Peer(*arguments))
        return peers[-1]

    yield make
    for made in peers:
        made.close()


def framed(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


LIES = {
    "a huge length": struct.pack(">I", 1 << 31),
    "a negative length": struct.pack(">i", -1),
    "a length just above the limit": struct.pack(">I", (16 << 20) + 1),
    "nothing in a frame": framed(b""),
    "NaN": framed(b'{"id": 0, "kind": "result", "x": NaN}'),
    "Infinity": framed(b'{"id": 0, "kind": "result", "x": -Infinity}'),
    "a number out of range": framed(b'{"id": 0, "kind": "result", "x": 1e400}'),
    "a number of a million digits": framed(b'{"id": 0, "x": ' + b"9" * 1_000_000 + b"}"),
    "a key that stands twice": framed(b'{"id": 0, "id": 0, "kind": "result"}'),
    "a million brackets": framed(b'{"id": ' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}"),
    "a million objects in one another": framed(b'{"a":' * 1_000_000 + b"1" + b"}" * 1_000_000),
    "a nesting just above the limit": framed(b'{"a": ' + b"[" * 33 + b"]" * 33 + b"}"),
    "invalid UTF-8": framed(b'{"id": "\xff\xfe"}'),
    "two objects in one frame": framed(b'{"id": 0} {"id": 0}'),
    "a list": framed(b"[1]"),
    "another id": encode({"id": 1, "kind": "result"}),
    "no nonce": encode({"id": 0, "kind": "result"}),
    "text": b"= 1 passed in 0.01s =\n",
    "a pickle": b"\x80\x04\x95\x1b\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x8c\x06system",
}


@pytest.mark.parametrize("words", LIES.values(), ids=LIES.keys())
def test_words_that_are_no_result_end_the_slot(peer: Callable[..., Peer], words: bytes) -> None:
    with pytest.raises(SlotBroken):
        peer(words).slot.exchange({"kind": "tests"}, 30)


SILENCES = {
    "not a word": (b"", b""),
    "half a header": (b"\0\0", b""),
    "half a frame": (encode({"id": 0, "kind": "result", "nonce": "x" * 100})[:50], b""),
    "a frame that comes byte by byte": (struct.pack(">I", 16 << 20), b"["),
    "heartbeats for ever": (b"", encode({"id": 0, "kind": "heartbeat"})),
}


@pytest.mark.parametrize(("words", "drip"), SILENCES.values(), ids=SILENCES.keys())
def test_a_line_that_is_held_open_ends_at_the_deadline(peer: Callable[..., Peer], words: bytes, drip: bytes) -> None:
    with pytest.raises(SlotBroken, match=r"in time|no result"):
        peer(words, drip).slot.exchange({"kind": "tests"}, _SECONDS)


def test_a_job_that_is_not_taken_ends_at_the_deadline() -> None:
    far, host = socket.socketpair()
    slot = Slot(cast("APIClient", NoEngine()), "container", Stream(host))
    with far, pytest.raises(SlotBroken, match="in time"):
        slot.exchange({"kind": "tests", "overlay": "x" * (15 << 20)}, _SECONDS)
    slot.destroy()


def test_a_stream_that_drips_past_its_deadline_is_broken() -> None:
    far, host = socket.socketpair()
    stream = Stream(host)
    with far:
        far.sendall(struct.pack(">BxxxL", 1, 1 << 31) + b"x" * 1000)
        with pytest.raises(Exception, match="in time"):
            stream.receive(time.monotonic() + _SECONDS)
    stream.close()
