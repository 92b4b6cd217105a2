"""An engine behind ssh:// made an engine behind a local socket, by the user's own `ssh` with its keys and settings."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox.reaper import OWNER_FILE, SNAPSHOT_PREFIX, ClientIdentity

__all__ = ["Tunnel"]

_REMOTE_SOCKET = "/var/run/docker.sock"
_SECONDS = 60.0
_POLL_SECONDS = 0.05


class Tunnel:
    """A running `ssh` that forwards a local socket; it ends with this process, whatever ends that."""

    def __init__(self, address: str, *, ssh: str = "ssh") -> None:
        """Connect to the machine of `address`, ssh://[USER@]HOST[:PORT][/SOCKET]; SandboxError where that fails."""
        self._address = address
        self._folder = Path(tempfile.mkdtemp(prefix=SNAPSHOT_PREFIX))
        (self._folder / OWNER_FILE).write_text(str(ClientIdentity.current()), "ascii")
        self._socket = self._folder / "docker.sock"
        try:
            command = [shutil.which(ssh) or ssh, *_options(address, self._socket)]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
        except (OSError, ValueError) as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise SandboxError(f"{address} cannot be reached: {error}; give ssh://USER@HOST, and install ssh") from None
        try:
            self._wait()
        except BaseException:
            self.close()
            raise

    @property
    def address(self) -> str:
        """Where the engine is now."""
        return f"unix://{self._socket}"

    def close(self) -> None:
        """Hang up; safe to call twice."""
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        self._process.terminate()
        self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _wait(self) -> None:
        deadline = time.monotonic() + _SECONDS
        while not self._accepts():
            if self._process.poll() is not None:
                said = self._process.stderr.read(2000) if self._process.stderr is not None else b""
                reason = said.decode("utf-8", "replace").strip() or f"exit status {self._process.returncode}"
                raise SandboxError(
                    f"{self._address} cannot be reached: ssh says {reason.splitlines()[-1][:300]!r}; "
                    "it must work without a question, try it by hand"
                )
            if time.monotonic() > deadline:
                raise SandboxError(f"{self._address} cannot be reached: ssh did not connect in {_SECONDS:.0f} s")
            time.sleep(_POLL_SECONDS)

    def _accepts(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self._socket))
            except OSError:
                return False
            return True


def _options(address: str, local: Path) -> list[str]:
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme != "ssh" or not host or host.startswith("-") or (parts.username or "").startswith("-"):
        raise ValueError("it is no address of ssh")
    options = ["-T", "-o", "BatchMode=yes", "-o", "ExitOnForwardFailure=yes"]
    options += ["-L", f"{local}:{parts.path if len(parts.path) > 1 else _REMOTE_SOCKET}"]
    if parts.port:
        options += ["-p", str(parts.port)]
    # A command that ends with its input, which ends with us: `ssh -N` would outlive a client that is killed.
    return [*options, "--", f"{parts.username}@{host}" if parts.username else host, "exec cat"]
