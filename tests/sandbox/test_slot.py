"""What a slot believes of its container's words; the container is played by the test over a socket pair."""

from __future__ import annotations

import json
import socket
import struct
import threading
from typing import TYPE_CHECKING, Any, cast

import pytest

from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox.frames import encode
from pytest_supercharger.sandbox.slot import Slot, SlotBroken
from pytest_supercharger.sandbox.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from docker import APIClient

Reply = "Callable[[dict[str, Any]], bytes]"


class NoEngine:
    """Stands for the engine where a slot only has to remove its container."""

    def __init__(self) -> None:
        self.removed: list[str] = []

    def remove_container(self, container: str, *, force: bool, v: bool) -> None:
        self.removed.append(container)


class Container:
    """Answers each frame of the host with the bytes that `reply` makes of it."""

    def __init__(self) -> None:
        self._socket, host = socket.socketpair()
        self.engine = NoEngine()
        self.slot = Slot(cast("APIClient", self.engine), "container", Stream(host))
        self.reply: Callable[[dict[str, Any]], bytes] = result
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with self._socket, self._socket.makefile("rb") as stream:
            while header := stream.read(4):
                frame = json.loads(stream.read(struct.unpack(">I", header)[0]))
                answer = self.reply(frame)
                if not answer:
                    return
                self._socket.sendall(struct.pack(">BxxxL", 1, len(answer)) + answer)

    def close(self) -> None:
        self.slot.destroy()
        self._thread.join()


def result(frame: dict[str, Any], **changes: Any) -> bytes:
    return encode({"id": frame["id"], "nonce": frame["nonce"], "kind": "result", **changes})


@pytest.fixture
def container() -> Iterator[Container]:
    container = Container()
    yield container
    container.close()


def test_a_result_comes_back_with_the_job_as_it_was_sent(container: Container) -> None:
    container.reply = lambda frame: result(frame, runs=[frame["kind"]])
    sent, answer = container.slot.exchange({"kind": "tests"}, 30)
    assert answer["runs"] == ["tests"]
    assert (answer["id"], answer["nonce"]) == (sent["id"], sent["nonce"])


def test_each_job_has_a_nonce_of_its_own(container: Container) -> None:
    jobs = [container.slot.exchange({"kind": "ping"}, 30)[0] for _ in range(3)]
    assert len({job["nonce"] for job in jobs}) == len({job["id"] for job in jobs}) == 3


def test_heartbeats_are_passed_over(container: Container) -> None:
    container.reply = lambda frame: encode({"id": frame["id"], "kind": "heartbeat"}) * 3 + result(frame)
    assert container.slot.exchange({"kind": "tests"}, 30)[1]["kind"] == "result"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (lambda frame: result(frame, id=frame["id"] + 1), "answered job"),
        (lambda frame: result(frame, nonce="0" * 32), "not the result"),
        (lambda frame: result(frame, nonce=None), "not the result"),
        (lambda frame: result(frame, kind="hello"), "not the result"),
        (lambda frame: result(frame) * 2, "more than the result"),
        (lambda frame: result(frame) + b"\0", "more than the result"),
        (lambda frame: result(frame, problem="MemoryError"), "MemoryError"),
        (lambda frame: b"1 passed in 0.01s\n" * 4, "frame of"),
        (lambda frame: b"\xff\xff\xff\xff", "frame of"),
        (lambda frame: b"\0\0\0\x03NaN", "JSON"),
        (lambda frame: b"\0\0\0\x02[]", "not an object"),
        (lambda frame: b"", "ended"),
    ],
)
def test_a_container_that_says_anything_else_is_broken(
    container: Container, reply: Callable[[dict[str, Any]], bytes], reason: str
) -> None:
    container.reply = reply
    with pytest.raises(SlotBroken, match=reason):
        container.slot.exchange({"kind": "tests"}, 30)


def test_a_container_that_only_beats_is_late(container: Container) -> None:
    container.reply = lambda frame: encode({"id": frame["id"], "kind": "heartbeat"})
    with pytest.raises(SlotBroken, match="in time"):
        container.slot.exchange({"kind": "tests"}, 0.2)


def test_a_job_that_is_too_long_is_refused_before_it_is_sent(container: Container) -> None:
    with pytest.raises(SandboxError, match="does not fit"):
        container.slot.exchange({"kind": "tests", "overlay": "x" * (17 << 20)}, 30)


def test_a_slot_may_be_destroyed_twice(container: Container) -> None:
    container.slot.destroy()
    container.slot.destroy()
    assert set(container.engine.removed) == {"container"}
