"""What the pool is held against: whole requests to the first node that is not busy, as the seed did, and in turn."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Iterator, Sequence

import grpc

from model_node.v1 import model_node_pb2_grpc as pb_grpc
from pytest_supercharger.domain import Answer, Question
from pytest_supercharger.wire import answer_of, generate_request

__all__ = ["FirstNotBusy", "RoundRobin"]

_SECONDS = 600.0


class _Direct:
    """A channel a node; whole questions."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._channels = [grpc.insecure_channel(address) for address in addresses]
        self._stubs = [pb_grpc.ModelNodeStub(channel) for channel in self._channels]

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        for channel in self._channels:
            channel.close()

    def _all(self, node: int, question: Question, samples: int) -> Iterator[Answer]:
        for event in self._stubs[node].Generate(generate_request(question, range(samples), _SECONDS), timeout=_SECONDS):
            if event.WhichOneof("event") == "sample":
                yield answer_of(event.sample)


class FirstNotBusy(_Direct):
    """The list is shuffled once; a node takes one request at a time. Where all are busy, the seed lost the job:

    here it waits for a node instead, and `lost` counts how often.
    """

    def __init__(self, addresses: Sequence[str], seed: int) -> None:
        super().__init__(addresses)
        self._order = random.Random(seed).sample(range(len(addresses)), len(addresses))
        self._busy: set[int] = set()
        self._free = threading.Condition()
        self.lost = 0

    def ask(self, question: Question, samples: int) -> Iterator[Answer]:
        """All samples of one node."""
        node = self._take()
        try:
            yield from self._all(node, question, samples)
        finally:
            with self._free:
                self._busy.discard(node)
                self._free.notify()

    def _take(self) -> int:
        with self._free:
            waited = False
            while (node := next((one for one in self._order if one not in self._busy), None)) is None:
                self.lost += not waited
                waited = True
                self._free.wait()
            self._busy.add(node)
            return node


class RoundRobin(_Direct):
    """Each request goes to the next node, busy or not."""

    def __init__(self, addresses: Sequence[str]) -> None:
        super().__init__(addresses)
        self._next = itertools.cycle(range(len(addresses)))
        self._lock = threading.Lock()

    def ask(self, question: Question, samples: int) -> Iterator[Answer]:
        """All samples of one node."""
        with self._lock:
            node = next(self._next)
        return self._all(node, question, samples)
