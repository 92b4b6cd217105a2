"""A Docker engine of a test's own, which may be killed; the shared one is never touched."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import docker
from docker.errors import DockerException

__all__ = ["OwnEngine"]

_WAIT_SECONDS = 60
_STARTS = 3


class OwnEngine:
    """Runs `dockerd` over a socket, a data folder and a containerd of its own; no network."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="killable-engine-"))
        self.address = f"unix://{self._folder}/socket"
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def possible() -> bool:
        """Whether this user can start an engine at all."""
        return os.geteuid() == 0 and shutil.which("dockerd") is not None

    def start(self) -> None:
        """Start it, over what an earlier one has left, and wait until it answers."""
        # Right after a kill, containerd may wait for the last words of a container longer than dockerd waits for it.
        for _ in range(_STARTS):
            if self._start():
                return
        raise RuntimeError(f"dockerd does not start: {(self._folder / 'log').read_text()[-2000:]}")

    def _start(self) -> bool:
        options = ["--host", self.address, "--bridge=none", "--iptables=false", "--ip6tables=false"]
        for name in ("data-root", "exec-root", "pidfile"):
            options += [f"--{name}", f"{self._folder / name}"]
        # Names of its own too, should it find a containerd of the machine and use that one.
        space = self._folder.name
        options += ["--containerd-namespace", space, "--containerd-plugins-namespace", f"{space}-plugins"]
        (self._folder / "pidfile").unlink(missing_ok=True)
        with (self._folder / "log").open("ab") as log:
            # In a network of its own: without a bridge to keep, an engine removes that of the machine's other one.
            command = ["unshare", "--net", "dockerd", *options]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + _WAIT_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                return False
        return True

    def wait_for_processes(self, count: int) -> None:
        """Return when so many processes run in containers."""
        client = self.client()
        deadline = time.monotonic() + _WAIT_SECONDS
        while sum(len(client.api.top(c["Id"])["Processes"]) for c in client.api.containers()) < count:
            if time.monotonic() > deadline:
                raise RuntimeError(f"there are no {count} processes in containers")
        client.close()

    def kill(self) -> None:
        """SIGKILL for the engine and its containerd; returns when all its containers have noticed and ended."""
        assert self._process is not None
        client = self.client()
        containers = [client.api.inspect_container(c["Id"])["State"]["Pid"] for c in client.api.containers()]
        client.close()
        containerd = int((self._folder / "exec-root" / "containerd" / "containerd.pid").read_text())
        handles = [os.pidfd_open(pid) for pid in (*containers, containerd)]
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.kill(containerd, signal.SIGKILL)
        for handle in handles:
            if not select.select([handle], [], [], _WAIT_SECONDS)[0]:
                raise RuntimeError("a container lives on without its engine")
            os.close(handle)

    def stop(self) -> None:
        """An orderly end, then no trace."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(_WAIT_SECONDS)
        subprocess.run(["umount", "-R", "-l", self._folder / "data-root"], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def client(self) -> docker.DockerClient:
        """A client of it."""
        return docker.DockerClient(base_url=self.address)

    def _answers(self) -> bool:
        try:
            client = self.client()
        except DockerException:
            return False
        try:
            return bool(client.ping())
        except (DockerException, OSError):
            return False
        finally:
            client.close()
