"""A model node of our own on loopback, for runs in which the user names none."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_supercharger.errors import NodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

__all__ = ["LocalNode", "local_command"]

_LISTENING = re.compile(r"listening on (\S+:\d+)")
_PRIORITY = -5  # as of nice(1)
_STOP_SECONDS = 15.0  # from SIGTERM to SIGKILL
_EXTRA = 'run: pip install "pytest-supercharger[node]", or name a node with --supercharge-node HOST:PORT'

# Not `-m`: that would put the working directory first on the path, where a user's file may bear any name. Our own
# folder comes last, for checkouts that are not installed.
_LAUNCH = (
    "import sys; sys.path[:] = [p for p in sys.path if p] + [sys.argv.pop(1)];"
    " from model_node.__main__ import main; sys.exit(main())"
)


def local_command(model: str = "auto") -> list[str]:
    """The command of a node of our own that holds the named model."""
    home = str(Path(__file__).resolve().parent.parent)
    return [sys.executable, "-u", "-c", _LAUNCH, home, "--model", model, "--port", "0", "--exit-with-parent"]


class LocalNode:
    """Starts a node, waits until it serves, and stops it at the end; the node also stops when we are killed."""

    def __init__(
        self,
        command: Sequence[str] | None = None,
        *,
        report: Callable[[str], None] = lambda line: None,
        seconds: float = 3600.0,
    ) -> None:
        """`command` must print "listening on HOST:PORT"; `seconds` bounds the start, a download included."""
        self._command = list(command) if command is not None else local_command()
        self._report = report
        self._seconds = seconds
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._last: deque[str] = deque(maxlen=20)
        self._address = ""

    @property
    def address(self) -> str:
        """HOST:PORT of the running node."""
        return self._address

    def __enter__(self) -> LocalNode:
        try:
            self._start()
            self._address = self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def alive(self) -> bool:
        """Whether the command still runs."""
        return self._process is not None and self._process.poll() is None

    def release(self, seconds: float) -> None:
        """Close the node's stdin and give it so long to end by itself, then stop it."""
        process = self._process
        if process is not None and process.stdin is not None:
            process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
        self.stop()

    def stop(self) -> None:
        """End the node: SIGTERM, then SIGKILL; harmless where it has already ended."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin is not None:
            process.stdin.close()
        if self._reader is not None:
            self._reader.join()

    def _start(self) -> None:
        try:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,  # its closing tells the node that we are gone
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                env={"OMP_WAIT_POLICY": "passive", **os.environ},  # waiting threads leave the cores to the sandbox
                start_new_session=True,  # Ctrl-C goes to us alone; we stop the node when our calls have ended
            )
        except OSError as error:
            message = f"the local model node cannot be started with {self._command[0]!r}: {error.strerror}; {_EXTRA}"
            raise NodeError(message) from None
        with contextlib.suppress(OSError):
            # Each layer of a model waits for its slowest thread, so one that is put off by a sandbox job stalls all.
            # Only root may do this; without it the node is slower and nothing else changes.
            os.setpriority(os.PRIO_PROCESS, process.pid, _PRIORITY)
        self._process = process
        self._reader = threading.Thread(target=self._read, args=(process,), name="local-node", daemon=True)
        self._reader.start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        # Reads to the end: a full pipe would stop the node in the middle of a run.
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self._last.append(line.rstrip())
                if not self._address:
                    self._lines.put(line.rstrip())
        self._lines.put(None)

    def _wait(self) -> str:
        deadline = time.monotonic() + self._seconds
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                message = f"the local model node did not start within {self._seconds:.0f} s"
                raise NodeError(f"{message}; {self._hint()}") from None
            if line is None:
                raise NodeError(f"the local model node ended before it served; {self._hint()}")
            if match := _LISTENING.fullmatch(line):
                return match[1]
            if line:
                self._report(line)

    def _hint(self) -> str:
        said = next((line for line in reversed(self._last) if line.strip()), "")
        if "pytest-supercharger[node]" in said:
            return _EXTRA
        return f"its last words: {said}" if said else f"it said nothing; {_EXTRA}"
