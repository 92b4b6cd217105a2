#!/usr/bin/env python3
"""Many replay nodes in one process, for benchmarks: real servers, one event loop, an engine thread each.

    benchmarks/pooling/servers.py '[{"host": "127.0.0.2", "port": 50051, "speed": 100, "rows": 4, "replay": FILE}, ...]'

A node with a "netns" binds its address in that network namespace. Prints "serving" once all answer. Then reads lines
from stdin: `NUMBER slow FACTOR` makes a node slower by that factor, `NUMBER garbage on|off` lets it send samples that
nobody asked for. Ends when stdin does.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

from model_node.config import NodeConfig  # noqa: E402 (the checkout may not be installed)
from model_node.engine.base import FinishedSample, GenerateJob, Prompt  # noqa: E402
from model_node.engine.pacing import Pacing  # noqa: E402
from model_node.engine.replay import Line, ReplayEngine  # noqa: E402
from model_node.server import Server  # noqa: E402

_BEYOND = 10_000  # added to the index of a sample to make garbage of it


class Unruly(ReplayEngine):
    """A replay engine whose answer hangs on the sample's index alone, and that does badly when told to."""

    def __init__(self, file: Path, pacing: Pacing) -> None:
        super().__init__(file, pacing=pacing)
        self.pacing = pacing
        self.speed = pacing.tokens_per_second
        self.garbage = False

    def submit(self, job: GenerateJob) -> None:
        """As it is, or so that each sample comes under a wrong index."""
        if self.garbage:
            send = job.on_sample
            job = replace(job, on_sample=lambda one: send(replace(one, sample_index=one.sample_index + _BEYOND)))
        super().submit(job)

    def _take(self, kind: str, prompt: Prompt, count: int) -> list[Line]:
        lines = self._lines[kind, "*"]
        return [lines[index % len(lines)] for index in range(self._first, self._first + count)]

    def _samples(self, job: GenerateJob, index: int, prompt: Prompt) -> list[FinishedSample]:
        self._first = job.first_sample_index
        return super()._samples(job, index, prompt)

    def obey(self, word: str, value: str) -> None:
        """Carry out a line of stdin."""
        if word == "slow":
            self.pacing.tokens_per_second = self.speed / float(value)
        else:
            self.garbage = value == "on"


async def main(nodes: list[dict[str, Any]]) -> None:
    """Serve until stdin ends."""
    engines = [Unruly(Path(node["replay"]), Pacing(node["rows"], node["speed"])) for node in nodes]
    for engine, node in zip(engines, nodes, strict=True):
        engine.start()
        server = Server(engine, NodeConfig(host=node["host"], port=node["port"], insecure=True))
        if node["netns"]:
            _enter(f"/var/run/netns/{node['netns']}")
        await server.open()
        await server.ready()
        node["server"] = server  # kept: a server that nobody holds is stopped
    print("serving", flush=True)
    over, loop = asyncio.Event(), asyncio.get_running_loop()
    threading.Thread(target=_read, args=(engines, lambda: loop.call_soon_threadsafe(over.set)), daemon=True).start()
    await over.wait()
    os._exit(0)


def _enter(namespace: str) -> None:
    """Sockets that this thread makes from now on belong to that namespace, and stay in it."""
    with open(namespace) as file:  # noqa: PTH123 (a descriptor is wanted)
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), 0x40000000):
            raise OSError(ctypes.get_errno(), f"cannot enter {namespace}")


def _read(engines: list[Unruly], end: Any) -> None:
    for line in sys.stdin:
        number, word, value = line.split()
        engines[int(number)].obey(word, value)
    end()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
