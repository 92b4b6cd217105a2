"""The engine's stream: headers off, deadlines kept."""

from __future__ import annotations

import socket
import ssl
import struct
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_supercharger.sandbox.stream import Stream, StreamBroken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Ends = tuple[socket.socket, Stream]


@pytest.fixture
def ends() -> Iterator[Ends]:
    engine, client = socket.socketpair()
    stream = Stream(client)
    yield engine, stream
    stream.close()
    engine.close()


def chunk(kind: int, data: bytes) -> bytes:
    return struct.pack(">BxxxL", kind, len(data)) + data


def soon() -> float:
    return time.monotonic() + 30


def test_output_comes_without_headers_and_errors_are_kept_apart(ends: Ends) -> None:
    engine, stream = ends
    engine.sendall(chunk(1, b"one") + chunk(2, b"warning\n") + chunk(1, b"two"))
    assert stream.receive(soon()) == b"onetwo"
    assert stream.errors == "warning"


@given(cut=st.integers(min_value=0, max_value=30))
def test_a_chunk_may_come_in_any_pieces(cut: int) -> None:
    engine, client = socket.socketpair()
    stream = Stream(client)
    data = chunk(1, b"hello") + chunk(1, b"world") + chunk(1, b"")
    with engine, client:
        engine.sendall(data[:cut])
        if cut >= 13:
            first = stream.receive(soon())
            engine.sendall(data[cut:])
        else:
            engine.sendall(data[cut:])
            first = stream.receive(soon())
        engine.shutdown(socket.SHUT_WR)
        while rest := stream.receive(soon(), end=b""):
            first += rest
    assert first == b"helloworld"


def test_the_end_of_the_container_is_told_with_its_last_words(ends: Ends) -> None:
    engine, stream = ends
    engine.sendall(chunk(2, b"ImportError: no module named x"))
    engine.shutdown(socket.SHUT_WR)
    with pytest.raises(StreamBroken, match="ended: ImportError: no module named x"):
        stream.receive(soon())


def test_silence_ends_at_the_deadline(ends: Ends) -> None:
    with pytest.raises(StreamBroken, match="in time"):
        ends[1].receive(time.monotonic())


def test_a_container_that_reads_nothing_does_not_hold_the_host(ends: Ends) -> None:
    with pytest.raises(StreamBroken, match="in time"):
        ends[1].send(bytes(64 << 20), time.monotonic() + 0.1)


def test_a_stream_of_an_unknown_kind_is_refused(ends: Ends) -> None:
    engine, stream = ends
    engine.sendall(chunk(7, b"x"))
    with pytest.raises(StreamBroken, match="kind 7"):
        stream.receive(soon())


def test_only_the_end_of_a_flood_of_errors_is_kept(ends: Ends) -> None:
    engine, stream = ends
    for _ in range(10):
        engine.sendall(chunk(2, b"x" * 2000))
    engine.sendall(chunk(2, b"last") + chunk(1, b"out"))
    assert stream.receive(soon()) == b"out"
    assert len(stream.errors) <= 4096
    assert stream.errors.endswith("last")


def test_a_closed_stream_says_so(ends: Ends) -> None:
    ends[1].close()
    with pytest.raises(StreamBroken):
        ends[1].receive(soon())


class Watched(ssl.SSLSocket):
    """Notes when a second thread comes into it."""

    busy = threading.Lock()  # taken without waiting: a count would not be atomic
    met = False

    def recv(self, *arguments: int) -> bytes:
        return self._alone(super().recv, *arguments)

    def send(self, *arguments: memoryview) -> int:
        return self._alone(super().send, *arguments)

    def _alone(self, call: Callable[..., Any], *arguments: object) -> Any:
        alone = self.busy.acquire(blocking=False)
        self.met |= not alone
        try:
            return call(*arguments)
        finally:
            if alone:
                self.busy.release()


def over_tls(folder: Path) -> tuple[ssl.SSLSocket, Watched]:
    """Both ends of a line: that of the engine, and ours."""
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    subprocess.run([*command, "-keyout", "key.pem", "-out", "cert.pem"], cwd=folder, check=True, capture_output=True)
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    ours = ssl.create_default_context(cafile=str(folder / "cert.pem"))
    ours.sslsocket_class = Watched
    one, two = socket.socketpair()
    with ThreadPoolExecutor(1) as threads:
        engine = threads.submit(theirs.wrap_socket, one, server_side=True)
        client = ours.wrap_socket(two, server_hostname="localhost")
        server = engine.result()
    server.settimeout(30)  # a line that came to nothing holds no test
    return server, client


def test_over_tls_one_thread_sends_while_another_receives_and_neither_waits_for_the_other(tmp_path: Path) -> None:
    engine, client = over_tls(tmp_path)
    stream, size = Stream(client), 4 << 20

    def echo() -> None:
        left = size
        while left:
            data = engine.recv(1 << 16)
            left -= len(data)
            engine.sendall(chunk(1, data))

    def receive() -> int:
        # Begins before anything was sent: its first wait ends only if the other thread can send.
        came = 0
        while came < size:
            came += len(stream.receive(soon()))
        return came

    with engine, ThreadPoolExecutor(2) as threads:
        received, echoed = threads.submit(receive), threads.submit(echo)
        stream.send(bytes(size), soon())
        assert received.result() == size
        echoed.result()
        assert not client.met
    stream.close()


def test_what_is_closed_keeps_no_descriptor_where_the_engine_lends_a_file_of_the_socket() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        Stream(ours.makefile("rb", buffering=0)).close()

        assert ours.fileno() == -1
