"""Asking for samples: one thread a chunk, every sample handed over as it ends, everything stopped on the way out."""

from __future__ import annotations

import enum
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from pytest_supercharger.chunks import Chunk
from pytest_supercharger.domain import Answer, FinishReason
from pytest_supercharger.errors import NodeError
from pytest_supercharger.wire import answer_of, generate_request

if TYPE_CHECKING:
    from model_node.v1 import model_node_pb2 as pb

__all__ = ["Asking", "Lease", "NoAnswer", "Node", "Trouble", "TroubleKind", "settle"]

_LONGEST_WAIT = 5.0
_PAUSE = 0.2  # before a broken call is tried again: a node that restarts needs a moment


class NoAnswer(NodeError):
    """No node has an answer to the question; only replay nodes ever say so."""


class TroubleKind(enum.Enum):
    """What the pool can do about a call that failed."""

    BUSY = "the queue is full: wait"
    DECLINED = "this node has no answer: ask another"
    BROKEN = "this node is gone or broke: ask another"
    LATE = "the time is up"
    REFUSED = "the request is wrong, and so it would be elsewhere"


class Trouble(Exception):
    """A call that failed; its text is made for the user."""

    def __init__(self, kind: TroubleKind, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry_after = retry_after  # seconds, of BUSY


class Stream(Protocol):
    """A running Generate call; iteration raises Trouble."""

    def __iter__(self) -> Iterator[pb.GenerateResponse]: ...

    def cancel(self) -> Any: ...


class Node(Protocol):
    """What is needed of one node to draw samples."""

    @property
    def address(self) -> str: ...

    def generate(self, request: pb.GenerateRequest, seconds: float) -> Stream: ...


Lease = Callable[[Chunk], AbstractContextManager[Node]]


def settle(chunk: Chunk, address: str, trouble: Trouble, wait: Callable[[float], object]) -> None:
    """Note what happened and wait if need be; raises NodeError where no node could do better."""
    if trouble.kind is TroubleKind.REFUSED:
        raise NodeError(str(trouble))
    if trouble.kind is TroubleKind.BUSY:
        chunk.waits += 1
        wait(min(_LONGEST_WAIT, trouble.retry_after * 2 ** min(chunk.waits - 1, 8)))
    elif trouble.kind is TroubleKind.DECLINED:
        chunk.declined.add(address)
    elif trouble.kind is TroubleKind.BROKEN:
        chunk.failures[address] += 1
        chunk.last_failure = str(trouble)
        wait(_PAUSE)


class Asking:
    """The samples of some chunks on their way: (question index, answer) as each ends.

    One thread iterates, and may stop at any time and `close`; any thread may `cancel`. Nothing is asked before the
    first `next`.
    """

    def __init__(self, chunks: Sequence[Chunk], lease: Lease, deadline: float) -> None:
        self._chunks = chunks
        self._lease = lease
        self._deadline = deadline  # of time.monotonic()
        self._events: queue.SimpleQueue[tuple[int, Answer] | BaseException | None] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._streams: set[Stream] = set()
        self._answers = self._run()

    def __iter__(self) -> Asking:
        return self

    def __next__(self) -> tuple[int, Answer]:
        return next(self._answers)

    def close(self) -> None:
        """Cancel the rest on the nodes and wait until nothing is under way; for the thread that iterates."""
        self._answers.close()

    def cancel(self) -> None:
        """Cancel the rest on the nodes; the iteration ends soon, whatever it waits for."""
        self._stopped.set()
        with self._lock:
            for stream in self._streams:
                stream.cancel()

    def _run(self) -> Generator[tuple[int, Answer], None, None]:
        threads = [threading.Thread(target=self._work, args=(chunk,), daemon=True) for chunk in self._chunks]
        try:
            for thread in threads:
                thread.start()
            running = len(threads)
            while running:
                event = self._events.get()
                if event is None:
                    running -= 1
                elif isinstance(event, BaseException):
                    raise event
                else:
                    yield event
        finally:
            self.cancel()
            for thread in threads:
                if thread.ident is not None:
                    thread.join()

    def _work(self, chunk: Chunk) -> None:
        try:
            while chunk.missing and self._left() > 0 and not self._stopped.is_set():
                if not self._ask(chunk):
                    break
        except NoAnswer:
            pass  # the pool has noted it; the question simply yields nothing
        except BaseException as error:
            self._events.put(error)
        self._events.put(None)

    def _ask(self, chunk: Chunk) -> bool:
        with self._lease(chunk) as node:
            try:
                self._draw(node, chunk)
            except Trouble as trouble:
                problem = trouble
            else:
                return True
        if self._stopped.is_set() or problem.kind is TroubleKind.LATE:
            return False
        # Outside of the lease: samples that wait for a full queue are not under way.
        settle(chunk, node.address, problem, self._wait)
        return True

    def _draw(self, node: Node, chunk: Chunk) -> None:
        run = chunk.next_run()
        stream = node.generate(generate_request(chunk.question, run, self._left()), self._left())
        with self._lock:
            self._streams.add(stream)
            if self._stopped.is_set():
                stream.cancel()
        try:
            for event in stream:
                if event.WhichOneof("event") == "sample":
                    self._hand_over(chunk, answer_of(event.sample))
        finally:
            with self._lock:
                self._streams.discard(stream)
        if chunk.missing.intersection(run):
            message = f"model node {node.address} ended its stream before the last sample; look at its log"
            raise Trouble(TroubleKind.BROKEN, message)

    def _hand_over(self, chunk: Chunk, answer: Answer) -> None:
        # A cancelled sample is a torso: it stays missing, and is asked for again if anyone still wants it.
        if answer.finish_reason is FinishReason.CANCELLED or answer.sample_index not in chunk.missing:
            return
        chunk.missing.discard(answer.sample_index)
        chunk.waits = 0
        self._events.put((chunk.index, answer))

    def _wait(self, seconds: float) -> None:
        self._stopped.wait(min(seconds, max(0.0, self._left())))

    def _left(self) -> float:
        return self._deadline - time.monotonic()
