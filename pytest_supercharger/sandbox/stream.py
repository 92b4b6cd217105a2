"""The bytes to and from an attached container: the engine's 8-byte headers taken off, every wait with a deadline."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
import threading
import time
from typing import Any

__all__ = ["Stream", "StreamBroken"]

_HEADER = struct.Struct(">BxxxL")
_STDOUT, _STDERR = 1, 2
_ERRORS_KEPT = 4096
_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class StreamBroken(Exception):
    """The container hung up, went silent, or the engine's stream makes no sense."""


class Stream:
    """Both directions of one attached container; one thread may send while another receives."""

    def __init__(self, attached: Any) -> None:
        # The response object is kept: its end would close the socket under us.
        self._attached = attached
        self._socket: socket.socket = getattr(attached, "_sock", attached)
        # Over TLS there is no flag for one call that does not wait.
        self._socket.setblocking(False)
        # TLS has one state for both directions; nobody waits for the network while holding this.
        self._lock = threading.Lock()
        self._buffer = bytearray()
        self._errors = bytearray()

    @property
    def errors(self) -> str:
        """The end of what the container wrote to its standard error."""
        return self._errors.decode("utf-8", "replace").strip()

    def send(self, data: bytes, deadline: float) -> None:
        """Write all of `data` before `deadline` (of the monotonic clock)."""
        view = memoryview(data)
        while view:
            self._wait(deadline, write=True)
            try:
                with self._lock:
                    sent = self._socket.send(view)
            except _NOT_NOW:
                continue
            except OSError as error:
                raise StreamBroken(f"the container does not take input: {error}") from None
            view = view[sent:]

    def receive(self, deadline: float, *, end: bytes | None = None) -> bytes:
        """The next bytes of the container's standard output.

        Raises StreamBroken past the deadline and at the end of the output, where `end` is returned instead if given.
        """
        while True:
            output = self._take()
            if output:
                return output
            self._wait(deadline, write=False)
            try:
                with self._lock:
                    data = self._socket.recv(1 << 16)
            except _NOT_NOW:
                continue
            except OSError as error:
                raise StreamBroken(f"the stream of the container broke: {error}") from None
            if not data and end is not None:
                return end
            if not data:
                raise StreamBroken("the container ended" + (f": {self.errors[-300:]}" if self._errors else ""))
            self._buffer += data

    def close(self) -> None:
        """Hang up, also under a thread that waits in `receive`."""
        with self._lock:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            with contextlib.suppress(OSError):
                self._attached.close()
                # That one only borrowed the socket; its owner is garbage in a circle, collected some day.
                self._socket.close()

    def _take(self) -> bytes:
        output = bytearray()
        while len(self._buffer) >= _HEADER.size:
            kind, length = _HEADER.unpack_from(self._buffer)
            if kind not in (_STDOUT, _STDERR):
                raise StreamBroken(f"the engine sent a stream of kind {kind}")
            end = _HEADER.size + length
            if len(self._buffer) < end:
                break
            data = self._buffer[_HEADER.size : end]
            del self._buffer[:end]
            if kind == _STDOUT:
                output += data
            else:
                self._errors = (self._errors + data)[-_ERRORS_KEPT:]
        return bytes(output)

    def _wait(self, deadline: float, *, write: bool) -> None:
        left = deadline - time.monotonic()
        # What TLS has taken from the socket already is seen by no poll.
        if not write and isinstance(self._socket, ssl.SSLSocket):
            with self._lock:
                if self._socket.pending():
                    return
        poll = select.poll()
        try:
            poll.register(self._socket, select.POLLOUT if write else select.POLLIN)
            ready = left > 0 and poll.poll(left * 1000)
        except (OSError, ValueError) as error:
            raise StreamBroken(f"the stream of the container is closed: {error}") from None
        if not ready:
            raise StreamBroken("the container did not answer in time")
