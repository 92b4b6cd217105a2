"""`supercharger cluster`: nodes on other machines, each bound to an ssh session of ours and gone when that is.

The session is their tunnel too: a node binds loopback only, and is asked through a port of this machine.
"""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from pytest_supercharger.errors import NodeError, SettingsError
from pytest_supercharger.hostsfile import Host, read
from pytest_supercharger.localnode import LocalNode
from pytest_supercharger.statefolder import folder_of

__all__ = ["down", "status", "up"]

_OPTIONS = (
    "BatchMode=yes",
    "ExitOnForwardFailure=yes",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=3",
    "ControlMaster=no",  # a master of the user's own would outlive us, and the tunnel with it
    "ControlPath=none",
)
_LOOK_SECONDS = 1.0
_END_SECONDS = 20.0
_PAUSE_SECONDS = 5.0  # before a node is started once more
_START_SECONDS = 3600.0


class _Member:
    """A host, the port of this machine that leads to its node, and the session that holds it."""

    def __init__(self, host: Host, report: Callable[[str], None]) -> None:
        self.host, self.state, self.problem, self.port = host, "starting", "", _free_port()
        self._report = report
        self._node = self._made()

    @property
    def lost(self) -> bool:
        """Whether it was up and is no more, or could not be started again."""
        return self.state == "down" or (self.state == "up" and not self._node.alive)

    def begin(self, pause: float = 0.0) -> None:
        """Start it in a thread: a model may take minutes to load."""
        self.state = "starting"
        threading.Thread(target=self._start, args=(pause,), daemon=True).start()

    def stop(self) -> None:
        self._node.release(_END_SECONDS)

    def _start(self, pause: float) -> None:
        time.sleep(pause)
        self._node.stop()
        self._node = self._made()
        try:
            self._node.__enter__()
        except NodeError as error:
            self.problem, self.state = f"{self.host.name}: {error}", "down"
        else:
            self.state = "up"

    def _made(self) -> LocalNode:
        name = self.host.name
        words = command(self.host, self.port)
        return LocalNode(words, report=lambda line: self._report(f"{name}: {line}"), seconds=_START_SECONDS)


def command(host: Host, port: int) -> list[str]:
    """The ssh that starts the node; host keys are checked as ever."""
    options = [word for option in _OPTIONS for word in ("-o", option)]
    tunnel = f"127.0.0.1:{port}:127.0.0.1:{host.port}"
    node = [*host.command, "--port", str(host.port), "--exit-with-parent", *host.flags]
    return ["ssh", "-T", *options, "-L", tunnel, "--", host.ssh, shlex.join(node)]


def up(path: Path, report: Callable[[str], None]) -> int:
    """Start the nodes, print how to ask them, and keep them until SIGTERM or SIGINT; one that ends is started again.

    Raises:
        SettingsError: the hosts file is wrong, or its cluster is up already.
        NodeError: a node cannot be started; then none is left.
    """
    members = [_Member(host, report) for host in read(path)]
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    with _held(path) as file:
        try:
            _keep(members, asked, file, report)
        finally:
            with ThreadPoolExecutor(len(members)) as threads:
                for stopped in [threads.submit(member.stop) for member in members]:
                    stopped.result()
    return 0


def _keep(members: Sequence[_Member], asked: threading.Event, file: IO[str], report: Callable[[str], None]) -> None:
    for member in members:
        member.begin()
    _note(file, members)
    while any(member.state == "starting" for member in members) and not asked.wait(_LOOK_SECONDS):
        pass
    for member in members:
        if member.state == "down":
            raise NodeError(member.problem)
    if not asked.is_set():
        report(f"nodes are up; use: {' '.join(f'--supercharge-node 127.0.0.1:{member.port}' for member in members)}")
    while not asked.is_set():
        for member in members:
            if member.lost:
                reason = member.problem or f"{member.host.name}: the node or its session has ended"
                report(f"{reason}; starting it again")
                member.begin(_PAUSE_SECONDS)
        _note(file, members)
        asked.wait(_LOOK_SECONDS)


def down(path: Path, report: Callable[[str], None]) -> int:
    """End what `up` started and wait for it; 0 also where nothing runs."""
    found = _noted(path)
    if found is None:
        report(f"{path}: no cluster of it is up")
        return 0
    with suppress(ProcessLookupError):  # it has ended by itself
        os.kill(found["pid"], signal.SIGTERM)
    with _file(path).open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # free when the other process has ended
    report(f"{path}: ended {len(found['nodes'])} nodes")
    return 0


def status(path: Path, report: Callable[[str], None]) -> int:
    """Print one line a node; 0 where all are up."""
    found = _noted(path)
    if found is None:
        report(f"{path}: no cluster of it is up")
        return 1
    for node in found["nodes"]:
        report(f"{node['name']}  127.0.0.1:{node['port']}  {node['state']}")
    return int(any(node["state"] != "up" for node in found["nodes"]))


def _file(path: Path) -> Path:
    return folder_of("cluster", str(path.resolve())) / "cluster.json"


@contextmanager
def _held(path: Path) -> Iterator[IO[str]]:
    """The file that says what is up; whoever has it locked is the process that holds the nodes."""
    file = _file(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(file, "r+", opener=lambda name, flags: os.open(name, flags | os.O_CREAT)) as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SettingsError(f"the cluster of {path} is up; end it with: supercharger cluster down {path}") from None
        stream.truncate(0)  # of one that is gone: its process may be anybody's by now
        yield stream


def _note(file: IO[str], members: Sequence[_Member]) -> None:
    nodes = [{"name": member.host.name, "port": member.port, "state": member.state} for member in members]
    # In place, for the lock's sake, and never empty: `status` may read at any moment.
    written = os.pwrite(file.fileno(), json.dumps({"version": 1, "pid": os.getpid(), "nodes": nodes}).encode(), 0)
    file.truncate(written)


def _noted(path: Path) -> Any:
    """What is up; None where nothing is."""
    read(path)
    try:
        with _file(path).open(encoding="utf-8") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return _read_note(path, stream.read())
    except FileNotFoundError:
        return None
    return None


def _read_note(path: Path, text: str) -> Any:
    if not text:
        raise SettingsError(f"the cluster of {path} is about to come up; ask again in a moment")
    return json.JSONDecoder().raw_decode(text)[0]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
