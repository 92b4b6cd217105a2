"""What goes wrong with nodes in benchmarks/chaos: at random, by a seed, and never with all of them at once."""

from __future__ import annotations

import contextlib
import random
import signal
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from pooling.fleet import Spec, serve
from pooling.network import Network

__all__ = ["Chaos", "Member"]

FAULTS = ("kill", "pause", "partition", "slow", "other digest", "garbage")
_SHORTEST, _LONGEST = 1.0, 12.0  # seconds of a fault
_GAP = 1.5  # seconds between two, on the average
_SLOW = 100


class Member:
    """A node in a process of its own that can be made to fail."""

    def __init__(self, spec: Spec, network: Network, other: Path) -> None:
        self._spec = spec
        self._network = network
        self._other = other  # replay file of another model
        self._stack = ExitStack()
        self.start()

    def start(self, spec: Spec | None = None) -> None:
        """Start the process."""
        self._process = self._stack.enter_context(serve([spec or self._spec], self._network))

    def stop(self) -> None:
        """Kill it."""
        self._stack.close()

    def begin(self, fault: str) -> None:
        """Let it go wrong."""
        if fault in ("kill", "other digest"):
            self.stop()
        if fault == "other digest":
            self.start(replace(self._spec, replay=self._other))
        if fault == "pause":
            self._process.send_signal(signal.SIGSTOP)
        if fault == "partition":
            self._network.link(self._spec.number, up=False)
        if fault == "slow":
            self._tell(f"slow {_SLOW}")
        if fault == "garbage":
            self._tell("garbage on")

    def end(self, fault: str) -> None:
        """All is well again."""
        if fault == "other digest":
            self.stop()
        if fault in ("kill", "other digest"):
            self.start()
        if fault == "pause":
            self._process.send_signal(signal.SIGCONT)
        if fault == "partition":
            self._network.link(self._spec.number, up=True)
        if fault == "slow":
            self._tell("slow 1")
        if fault == "garbage":
            self._tell("garbage off")

    def _tell(self, words: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"0 {words}\n")
        self._process.stdin.flush()


class Chaos(contextlib.AbstractContextManager["Chaos"]):
    """Faults on random members while the context lasts; all of them are well again at its end."""

    def __init__(self, members: list[Member], seed: int, *, partitions: bool) -> None:
        self.count: Counter[str] = Counter()
        self._members = members
        self._rng = random.Random(seed)
        self._faults = [fault for fault in FAULTS if partitions or fault != "partition"]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Chaos:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        ill: dict[int, tuple[str, float]] = {}
        strike = time.monotonic()
        while not self._over.wait(0.1):
            now = time.monotonic()
            for number in [number for number, (_, end) in ill.items() if end <= now]:
                self._members[number].end(ill.pop(number)[0])
            well = [number for number in range(len(self._members)) if number not in ill]
            if now < strike or len(well) < 2:  # with no node that is well there is nothing to promise
                continue
            number, fault = self._rng.choice(well), self._rng.choice(self._faults)
            self._members[number].begin(fault)
            self.count[fault] += 1
            ill[number] = (fault, now + self._rng.uniform(_SHORTEST, _LONGEST))
            strike = now + self._rng.uniform(0, 2 * _GAP)
        for number, (fault, _) in ill.items():
            self._members[number].end(fault)
