"""What passes between one gRPC handler, on the event loop, and the engine's thread."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from model_node.engine.base import EngineError, ErrorKind, FinishedSample, Usage
from model_node.v1 import model_node_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Ended", "Exchange"]

_MAX_FIELD = 120  # characters of a client's word in a log line


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """One request that is over, in figures; no word of any prompt or answer is in them."""

    method: str
    model: str  # "" of a node that took no work
    kind: str
    subject: str
    prompts: int
    samples_wanted: int
    finished: Mapping[str, int]  # samples by finish reason
    tokens: int
    seconds: float
    status: str
    usage: Usage | None = None  # of one that came to its end
    carrier: Mapping[str, str] = field(default_factory=dict)  # what the client's span is, where it has one

    def line(self) -> str:
        """The request in one line of a log."""
        fields = {
            "kind": self.kind,
            "subject": self.subject,
            "prompts": self.prompts,
            "samples": f"{sum(self.finished.values())}/{self.samples_wanted}",
            "tokens": self.tokens,
            "seconds": f"{self.seconds:.2f}",
            "status": self.status,
        }
        return " ".join([self.method, *(f"{name}={value}" for name, value in fields.items())])


class Exchange:
    """The events of one request in order, its deadline, and the figures of its log line."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.deadline = float("inf")  # of time.monotonic()
        self.started = False  # the engine has taken the job
        self.ended = False  # the engine has said its last word
        self.carrier: Mapping[str, str] = {}
        self.model = ""
        self.samples_wanted = 0
        self.size = 0  # in the engine's queue
        self._finished: Counter[str] = Counter()
        self._tokens = 0
        self._usage: Usage | None = None
        self._begin = time.monotonic()
        self._loop = loop
        self._events: asyncio.Queue[Any] = asyncio.Queue()

    def put(self, event: object) -> None:
        """Take an event from the engine; called on its thread, never blocks."""
        # The loop is closed only when the process ends; a late event is then of interest to nobody.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._events.put_nowait, event)

    async def get(self) -> Any:
        """Wait for the next event; an exception is raised, and so is the passing of the deadline."""
        event = await self._next()
        if isinstance(event, Exception):
            self.ended = isinstance(event, EngineError)  # any other is not the engine's, which still works on it
            raise event
        if isinstance(event, FinishedSample):
            self._finished[event.finish_reason.value] += 1
            self._tokens += event.num_tokens
        return event

    async def _next(self) -> Any:
        if not self._events.empty():
            return self._events.get_nowait()
        try:
            return await asyncio.wait_for(self._events.get(), self.deadline - time.monotonic())
        except asyncio.TimeoutError:
            raise _late() from None

    async def outlast(self, work: asyncio.Future[None]) -> None:
        """Wait for work that goes on if we do not; EngineError where the deadline passes first."""
        # Not `wait_for`: ahead of Python 3.12 it is not cancelled where the work is done in that very moment.
        done, _ = await asyncio.wait({work}, timeout=self.deadline - time.monotonic())
        if not done:
            raise _late()
        work.result()

    def finish(self, usage: Usage) -> None:
        """Note that the engine is done."""
        self.ended = True
        self._usage = usage
        self._tokens = usage.completion_tokens or self._tokens

    def end(self, method: str, prompts: Sequence[pb.Prompt], status: str) -> Ended:
        """Sum the request up."""
        first = prompts[0] if prompts else pb.Prompt()
        return Ended(
            method=method,
            model=self.model,
            kind=_word(first.kind),
            subject=_word(first.subject),
            prompts=len(prompts),
            samples_wanted=self.samples_wanted,
            finished=self._finished,
            tokens=self._tokens,
            seconds=time.monotonic() - self._begin,
            status=status,
            usage=self._usage,
            carrier=self.carrier,
        )


def _late() -> EngineError:
    return EngineError(ErrorKind.DEADLINE, "the deadline or the budget of the request is spent")


def _word(text: str) -> str:
    # The client chooses these: a line break or an escape sequence must not reach a terminal.
    return "".join(char if char.isprintable() and char != " " else "?" for char in text[:_MAX_FIELD]) or "-"
