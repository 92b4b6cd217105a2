"""pytest and the model node as a user starts them: processes of their own, told apart from ours in every way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 600  # seconds, only reached when something is broken


def environment() -> dict[str, str]:
    """This environment without what pytest itself puts there, with the checkout to import from."""
    left_out = ("PYTEST_", "COVERAGE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


def pytest_command(*arguments: str, flag: str = "--supercharge") -> list[str]:
    return [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", flag, *arguments]


def supercharge(
    project: Path, *arguments: str, flag: str = "--supercharge", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run to the end; output and errors are one text."""
    return subprocess.run(
        pytest_command(*arguments, flag=flag),
        cwd=project,
        env=environment() | (env or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


class Process:
    """A command under way, whose output is read line by line; ended at the latest after `PATIENCE` seconds."""

    def __init__(self, command: list[str], **more: Any) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # Who runs these tests in the background ignores the signal, and so would what they start.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            **{"env": environment(), **more},
        )
        self.pid = self._process.pid
        self.output = ""
        self._limit = threading.Timer(PATIENCE, self._process.kill)
        self._limit.daemon = True
        self._limit.start()

    def lines(self) -> Iterator[str]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.output += line
            yield line

    def until(self, text: str) -> str:
        """Read on to the next line with this text."""
        found = next((line for line in self.lines() if text in line), None)
        assert found is not None, f"it never said {text!r}; it said:\n{self.output}"
        return found

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def end(self) -> int:
        """Read to the end; the exit status."""
        for _ in self.lines():
            pass
        status = self._process.wait()
        self._limit.cancel()
        return status

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self.end()


def started(project: Path, *arguments: str, env: dict[str, str] | None = None) -> Process:
    """`pytest --supercharge`, under way."""
    return Process(pytest_command(*arguments), cwd=project, env=environment() | (env or {}))


class ReplayNode(Process):
    """The command `supercharger-node`; it says a line for every request it has answered."""

    def __init__(self, file: Path) -> None:
        super().__init__(
            [sys.executable, "-u", "-m", "model_node", "--engine", "replay", "--replay", str(file), "--port", "0"]
        )
        self.address = self.until("listening on").split()[-1]
