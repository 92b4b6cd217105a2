"""Questions under way for one stub: each in a thread of its own, every answer in one queue, in order of arrival."""

from __future__ import annotations

import contextlib
import contextvars
import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from pytest_supercharger.domain import Answer, Question
from pytest_supercharger.errors import NodeError

__all__ = ["Answers", "Arrival", "Generator", "Requests", "Ticket"]


class Answers(Protocol):
    """Answers on their way, with the index of their question."""

    def __iter__(self) -> Iterator[tuple[int, Answer]]: ...

    def close(self) -> None:
        """Cancel the rest; for the thread that iterates."""

    def cancel(self) -> None:
        """Cancel the rest, from any thread; the iteration ends soon."""


class Generator(Protocol):
    """What answers questions: a pool of model nodes, or a script in tests."""

    @property
    def max_context_tokens(self) -> int: ...

    @property
    def max_batch_samples(self) -> int: ...

    @property
    def model(self) -> str: ...

    @property
    def models(self) -> Mapping[str, str]:
        """The digests of the models that answer, each with what people call it."""
        ...

    @property
    def identities(self) -> frozenset[str]:
        """Of the models that answer: what tells each apart from all others; "" for one that does not say."""
        ...

    def generate(
        self, questions: Sequence[Question], *, samples: int, first_sample: int = 0, deadline_seconds: float
    ) -> Answers: ...

    def judge(self, questions: Sequence[Question], *, deadline_seconds: float) -> list[float]:
        """P(yes) of each question.

        Raises:
            NodeError: it cannot be had in time.
        """
        ...

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
        self._closed = False
        self._lock = threading.Lock()
        self._open: set[Answers] = set()
        self._threads: list[threading.Thread] = []

    def launch(self, question: Question, samples: int, seconds: float) -> Ticket:
        """Ask for `samples` answers within `seconds`; returns at once."""
        ticket = Ticket(question, samples)
        work = partial(contextvars.copy_context().run, self._ask, ticket, seconds)  # still for the span of its stub
        thread = threading.Thread(target=work, name=f"ask {question.stub_id}", daemon=True)
        self._threads.append(thread)
        thread.start()
        return ticket

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
        with self._lock:
            self._closed = True
            for answers in self._open:
                answers.cancel()
        for thread in self._threads:
            thread.join()

    def _ask(self, ticket: Ticket, seconds: float) -> None:
        error: NodeError | None = None
        try:
            answers = self._generator.generate([ticket.question], samples=ticket.samples, deadline_seconds=seconds)
            with contextlib.closing(answers), self._cancellable(answers):
                for _, answer in answers:
                    self._arrivals.put(Arrival(ticket=ticket, answer=answer))
        except NodeError as caught:
            error = caught
        except Exception as caught:  # whatever it is, this thread has nobody to raise it to
            # Without an arrival the search would wait for this request until its time is spent.
            problem = f"{type(caught).__name__}: {caught}".splitlines()[0]
            error = NodeError(f"asking about {ticket.question.stub_id} failed ({problem}); please report this as a bug")
        exhausted = self._generator.exhausted(ticket.question)
        self._arrivals.put(Arrival(ticket=ticket, exhausted=exhausted, error=error))

    @contextlib.contextmanager
    def _cancellable(self, answers: Answers) -> Iterator[None]:
        """Let `close` reach the answers, which it does at once where it came before them."""
        with self._lock:
            self._open.add(answers)
            if self._closed:
                answers.cancel()
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(answers)
