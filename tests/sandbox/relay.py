"""A way to an engine that can be cut: a second address for the one engine that tests have, with TLS where asked for."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import ssl
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Relay", "engine_socket"]


def engine_socket() -> str:
    """The local socket of the engine that tests use."""
    return os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")


class Relay:
    """Passes bytes between its own socket and an engine's until it is closed."""

    def __init__(self, folder: Path, *, tls: ssl.SSLContext | None = None, upstream: str = "") -> None:
        """On a socket in `folder`; with TLS on a port of this machine. `upstream` is the socket of another engine."""
        self._tls = tls
        self._upstream = upstream or engine_socket()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        if tls is None:
            self._listener = socket.socket(socket.AF_UNIX)
            (folder / "relay.sock").unlink(missing_ok=True)  # of one that was cut
            self._listener.bind(str(folder / "relay.sock"))
            self.address = f"unix://{folder / 'relay.sock'}"
        else:
            self._listener = socket.create_server(("127.0.0.1", 0))
            self.address = f"tcp://localhost:{self._listener.getsockname()[1]}"
        self._listener.listen(64)
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Cut every connection and take no new one."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for end in self._open:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def __enter__(self) -> Relay:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._relay, args=(connection,), daemon=True).start()

    def _relay(self, connection: socket.socket) -> None:
        upstream = socket.socket(socket.AF_UNIX)
        with contextlib.suppress(OSError), connection, upstream:
            upstream.connect(self._upstream)
            near = connection if self._tls is None else self._tls.wrap_socket(connection, server_side=True)
            with self._lock:
                self._open |= {near, upstream}
            with near:
                self._pass_on(near, upstream)
            with self._lock:
                self._open -= {near, upstream}

    @staticmethod
    def _pass_on(near: socket.socket, upstream: socket.socket) -> None:
        while True:
            waiting = isinstance(near, ssl.SSLSocket) and near.pending() > 0
            ready = [near] if waiting else select.select([near, upstream], [], [])[0]
            for end in ready:
                data = end.recv(1 << 16)
                if not data:
                    return
                (upstream if end is near else near).sendall(data)
