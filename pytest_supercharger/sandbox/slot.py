"""One warm container: made, attached, started, asked one job at a time, removed."""

from __future__ import annotations

import contextlib
import secrets
import time
from typing import TYPE_CHECKING, Any

from docker.errors import APIError, DockerException, NotFound

from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox.frames import Decoder, FrameError, encode
from pytest_supercharger.sandbox.hardening import create_arguments
from pytest_supercharger.sandbox.stream import Stream, StreamBroken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from docker import APIClient

    from pytest_supercharger.sandbox.hardening import ContainerSpec

__all__ = ["Slot", "SlotBroken", "attach_and_start", "create", "reason", "remove", "run_once"]

_SILENCE_SECONDS = 60.0  # PID 1 beats every two seconds during a job
_START_SECONDS = 120.0
_MAX_BEATS = 100_000


class SlotBroken(Exception):
    """This container can no longer be trusted; its job may be tried in another one."""


def create(api: APIClient, spec: ContainerSpec) -> str:
    """Make a container without starting it; its id."""
    container, host = create_arguments(spec)
    try:
        made = api.create_container(**container, host_config=api.create_host_config(**host))
    except (DockerException, OSError) as error:
        raise SandboxError(f"a sandbox container cannot be made: {reason(error)}") from None
    return str(made["Id"])


def attach_and_start(api: APIClient, container: str) -> Stream:
    """Start a container that ends with this process: attached before it starts, so that its input ends when we do."""
    try:
        attached = api.attach_socket(container, params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
        stream = Stream(attached)
        api.start(container)
    except (DockerException, OSError) as error:
        remove(api, container)
        raise SandboxError(f"a sandbox container cannot be started: {reason(error)}") from None
    return stream


def remove(api: APIClient, container: str) -> None:
    """Kill and remove, and return when it is gone; silent where it is gone already."""
    with contextlib.suppress(NotFound):
        try:
            api.remove_container(container, force=True, v=True)
        except APIError as error:
            # 409: it has ended and the engine is removing it by itself.
            if error.status_code != 409:
                raise
            api.wait(container, timeout=30, condition="removed")


def run_once(api: APIClient, spec: ContainerSpec, seconds: float) -> bytes:
    """What the command of `spec` prints before it ends; StreamBroken when it does not end in time."""
    container = create(api, spec)
    stream = attach_and_start(api, container)
    output = bytearray()
    deadline = time.monotonic() + seconds
    try:
        while data := stream.receive(deadline, end=b""):
            output += data
    finally:
        stream.close()
        remove(api, container)
    if not output:
        raise StreamBroken(stream.errors or "the container ended without a word")
    return bytes(output)


def reason(error: Exception) -> str:
    """What the engine said, without what the library puts around it."""
    return str(getattr(error, "explanation", None) or error)[:500]


class Slot:
    """A container whose PID 1 has said hello and taken the setup."""

    def __init__(self, api: APIClient, container: str, stream: Stream) -> None:
        self._api = api
        self._stream = stream
        self._decoder = Decoder()
        self._frames: list[dict[str, Any]] = []
        self._serial = 0
        self.container = container
        self.jobs = 0
        self.last_used = time.monotonic()
        self.hello: dict[str, Any] = {}

    @classmethod
    def start(cls, api: APIClient, spec: ContainerSpec, setup: Mapping[str, Any]) -> Slot:
        """A slot that is ready for jobs; SlotBroken when its PID 1 does not come up."""
        container = create(api, spec)
        slot = cls(api, container, attach_and_start(api, container))
        try:
            slot.hello = slot._next_frame(time.monotonic() + _START_SECONDS)
            if slot.hello.get("kind") != "hello":
                raise SlotBroken(f"the container's first word is {slot.hello.get('kind')!r}, not 'hello'")
            slot.exchange({"kind": "setup", **setup}, _START_SECONDS)
        except BaseException:
            slot.destroy()
            raise
        return slot

    def exchange(self, job: Mapping[str, Any], seconds: float) -> tuple[dict[str, Any], dict[str, Any]]:
        """Send a job and wait for its result: what was sent, with id and nonce, and what came back.

        Raises SlotBroken when the container ends, is silent, is late, reports a problem of its own, or says anything
        but heartbeats and the result of this very job.
        """
        deadline = time.monotonic() + seconds
        sent = self.put(job, deadline)
        return sent, self.take(sent, deadline)

    def put(self, job: Mapping[str, Any], deadline: float) -> dict[str, Any]:
        """Send a job; what was sent, with id and nonce."""
        sent = {**job, "id": self._serial, "nonce": secrets.token_hex(16)}
        self._serial += 1
        self._send(sent, deadline)
        return sent

    def take(
        self, sent: Mapping[str, Any], deadline: float, relay: Callable[[str | None], None] | None = None
    ) -> dict[str, Any]:
        """The result of a job; what it says on the way to the job of another slot goes to `relay`."""
        result = self._result(sent, deadline, relay)
        self.jobs += 1
        self.last_used = time.monotonic()
        return result

    def relay(self, sent: Mapping[str, Any], data: str | None, deadline: float) -> None:
        """Tell a running job what the one in another slot says, None when that one is over; from any thread."""
        self._send({"kind": "relay", "id": sent["id"], "data": data}, deadline)

    def ping(self, seconds: float = 10.0) -> None:
        """Tell PID 1 that the host is alive."""
        self.exchange({"kind": "ping"}, seconds)

    def destroy(self) -> None:
        """Hang up and remove the container; safe to call twice and from another thread."""
        self._stream.close()
        remove(self._api, self.container)

    def _send(self, message: Mapping[str, Any], deadline: float) -> None:
        try:
            frame = encode(dict(message))
        except FrameError as error:
            raise SandboxError(f"a job does not fit the sandbox's protocol: {error}") from None
        try:
            self._stream.send(frame, deadline)
        except StreamBroken as error:
            raise SlotBroken(str(error)) from None

    def _result(
        self, sent: Mapping[str, Any], deadline: float, relay: Callable[[str | None], None] | None = None
    ) -> dict[str, Any]:
        for _ in range(_MAX_BEATS):
            frame = self._next_frame(min(deadline, time.monotonic() + _SILENCE_SECONDS))
            if frame.get("id") != sent["id"]:
                raise SlotBroken(f"the container answered job {str(frame.get('id'))[:50]}, not {sent['id']}")
            if frame.get("kind") == "heartbeat":
                continue
            if frame.get("kind") == "relay" and relay is not None and isinstance(frame.get("data"), str):
                relay(frame["data"])
                continue
            if frame.get("kind") != "result" or frame.get("nonce") != sent["nonce"]:
                raise SlotBroken("the container sent a frame that is not the result of its job")
            if self._frames or self._decoder.pending:
                raise SlotBroken("the container said more than the result of its job")
            if frame.get("problem"):
                raise SlotBroken(f"the container failed at its job: {str(frame['problem'])[:500]}")
            return frame
        raise SlotBroken("the container sent heartbeats and no result")

    def _next_frame(self, deadline: float) -> dict[str, Any]:
        while not self._frames:
            try:
                self._frames = self._decoder.feed(self._stream.receive(deadline))
            except (StreamBroken, FrameError) as error:
                raise SlotBroken(str(error)) from None
        return self._frames.pop(0)
