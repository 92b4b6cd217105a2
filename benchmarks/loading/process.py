"""A node in a process of its own, and what that process holds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import grpc

from model_node.v1 import model_node_pb2 as pb
from model_node.v1 import model_node_pb2_grpc as pb_grpc

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Held", "NodeProcess"]

_READY = "listening on "
_FREE_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Memory in bytes, and file descriptors."""

    now: int
    peak: int
    descriptors: int


class NodeProcess:
    """`supercharger-node` on a free port; its log goes to `log`."""

    def __init__(self, arguments: Sequence[str], log: Path) -> None:
        root = str(Path(__file__).resolve().parents[2])
        with log.open("w") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "model_node", "--port", "0", *arguments],
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                env={**os.environ, "PYTHONPATH": root},
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line.startswith(_READY):
            raise SystemExit(f"load: the node does not start; see {log}:\n{log.read_text()}")
        self.address = line.removeprefix(_READY)

    def held(self) -> Held:
        """What the process holds now."""
        folder = Path(f"/proc/{self._process.pid}")
        lines = (line.split() for line in (folder / "status").read_text().splitlines())
        sizes = {words[0]: int(words[1]) * 1024 for words in lines if words[0] in {"VmRSS:", "VmHWM:"}}
        return Held(now=sizes["VmRSS:"], peak=sizes["VmHWM:"], descriptors=len(list((folder / "fd").iterdir())))

    def left_over(self) -> tuple[int, int]:
        """Samples that run and wait once all clients are gone, and the node has had time to notice."""
        return self._load(lambda samples: samples == 0)

    def busy(self) -> None:
        """Wait until samples run or wait."""
        self._load(lambda samples: samples > 0)

    def _load(self, enough: Callable[[int], bool]) -> tuple[int, int]:
        end = time.monotonic() + _FREE_SECONDS
        with grpc.insecure_channel(self.address) as channel:
            stub = pb_grpc.ModelNodeStub(channel)
            while True:
                load = stub.GetLoad(pb.GetLoadRequest(), timeout=_FREE_SECONDS)
                if enough(load.running_samples + load.queued_samples) or time.monotonic() > end:
                    return load.running_samples, load.queued_samples
                time.sleep(0.05)

    def terminate(self) -> None:
        """Ask it to end in order."""
        self._process.send_signal(signal.SIGTERM)

    def wait(self) -> int:
        """Its exit status."""
        return self._process.wait(timeout=120)

    def kill(self) -> None:
        """End it at once, whatever it does."""
        self._process.kill()
        self._process.wait()
