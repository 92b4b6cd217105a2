"""Questions under way for one stub: each in a thread of its own, every answer in one queue, in order of arrival."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Generator as Iterating
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pytest_supercharger.domain import Answer, Question
from pytest_supercharger.errors import NodeError

__all__ = ["Arrival", "Generator", "Requests", "Ticket"]


class Generator(Protocol):
    """What answers questions: a pool of model nodes, or a script in tests."""

    @property
    def max_context_tokens(self) -> int: ...

    @property
    def max_batch_samples(self) -> int: ...

    @property
    def model(self) -> str: ...

    def generate(
        self, questions: Sequence[Question], *, samples: int, first_sample: int = 0, deadline_seconds: float
    ) -> Iterating[tuple[int, Answer], None, None]: ...

    def exhausted(self, question: Question) -> bool: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, eq=False)
class Ticket:
    """A request under way and the answers it has brought so far."""

    question: Question
    samples: int
    answers: list[Answer] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One answer, or the end of a request when `answer` is None."""

    ticket: Ticket
    answer: Answer | None = None
    exhausted: bool = False  # no node has anything left for such a question
    error: NodeError | None = None


class Requests:
    """Launches questions and hands over what arrives; use from one thread."""

    def __init__(self, generator: Generator) -> None:
        """Questions go to `generator`."""
        self._generator = generator
        self._arrivals: queue.SimpleQueue[Arrival] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._threads: list[threading.Thread] = []

    def launch(self, question: Question, samples: int, seconds: float) -> None:
        """Ask for `samples` answers within `seconds`; returns at once."""
        ticket = Ticket(question, samples)
        thread = threading.Thread(target=self._ask, args=(ticket, seconds), name=f"ask {question.stub_id}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def next(self, seconds: float) -> Arrival | None:
        """The next arrival, or None when nothing came in time."""
        try:
            arrival = self._arrivals.get(timeout=max(0.0, seconds))
        except queue.Empty:
            return None
        if arrival.answer is not None:
            arrival.ticket.answers.append(arrival.answer)
        return arrival

    def close(self) -> None:
        """Cancel what is under way; answers still on their way are dropped."""
        self._closed.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, ticket: Ticket, seconds: float) -> None:
        error: NodeError | None = None
        try:
            answers = self._generator.generate([ticket.question], samples=ticket.samples, deadline_seconds=seconds)
            with contextlib.closing(answers):  # closing cancels the rest on the node
                for _, answer in answers:
                    if self._closed.is_set():
                        break
                    self._arrivals.put(Arrival(ticket=ticket, answer=answer))
        except NodeError as caught:
            error = caught
        except Exception as caught:
            # Without an arrival the search would wait for this request until its time is spent.
            problem = f"{type(caught).__name__}: {caught}".splitlines()[0]
            error = NodeError(f"asking about {ticket.question.stub_id} failed ({problem}); please report this as a bug")
        exhausted = self._generator.exhausted(ticket.question)
        self._arrivals.put(Arrival(ticket=ticket, exhausted=exhausted, error=error))
