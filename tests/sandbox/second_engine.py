"""A second Docker engine, started for tests: it does not see some of this machine's files."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["SecondEngine"]

_START_SECONDS = 60.0
# In namespaces of its own: it leaves the bridges of the first engine alone, and something else stands over one folder.
_SCRIPT = """
set -e
mount -t tmpfs hidden "$1"
shift
ip link set lo up 2>/dev/null || true
exec dockerd "$@"
"""


class SecondEngine:
    """An engine without a way to any network; `hidden` is a folder whose content it does not see."""

    def __init__(self, hidden: Path, *, runtimes: dict[str, str] | None = None) -> None:
        """`runtimes` are names with the programs they stand for."""
        self._folder = Path(tempfile.mkdtemp(prefix="engine-"))
        self.address = f"unix://{self._folder}/docker.sock"
        # Not the command line: the engine of the tests' own project may be as old as 20.10.
        configured = {name: {"path": shutil.which(program) or program} for name, program in (runtimes or {}).items()}
        (self._folder / "daemon.json").write_text(json.dumps({"runtimes": configured}))
        for storage in ([], ["--storage-driver=vfs"]):
            self._process = self._start(hidden, storage)
            if self._answers():
                return
            self._end()
        raise AssertionError((self._folder / "log").read_text()[-2000:])

    def close(self) -> None:
        """End it and remove what it kept."""
        self._end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> SecondEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self, hidden: Path, more: list[str]) -> subprocess.Popen[bytes]:
        options = ["--host", self.address, "--config-file", f"{self._folder}/daemon.json", "--bridge=none"]
        options += ["--iptables=false", "--ip6tables=false", "--cgroup-parent", "/second-engine", *more]
        options += ["--data-root", f"{self._folder}/data", "--exec-root", f"{self._folder}/exec"]
        options += ["--pidfile", f"{self._folder}/pid"]
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                ["unshare", "--mount", "--net", "sh", "-c", _SCRIPT, "sh", str(hidden), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _answers(self) -> bool:
        import docker
        from docker.errors import DockerException

        client = docker.DockerClient(base_url=self.address, version="1.41")  # asks nothing yet
        deadline = time.monotonic() + _START_SECONDS
        try:
            while time.monotonic() < deadline and self._process.poll() is None:
                try:
                    return bool(client.ping())
                except (DockerException, OSError):
                    time.sleep(0.1)
            return False
        finally:
            client.close()

    def _end(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
