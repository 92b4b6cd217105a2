"""Asking for samples: the side of the thread that waits for them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Sequence

from pytest_supercharger.domain import Answer
from pytest_supercharger.errors import NodeError
from pytest_supercharger.pool.loop import Loop
from pytest_supercharger.pool.order import Event, Order
from pytest_supercharger.pool.state import Done, Job

__all__ = ["Asking", "NoAnswer"]


class NoAnswer(NodeError):
    """No node has an answer to the question; only replay nodes ever say so."""


class Asking:
    """The samples of some jobs on their way: (question index, answer) as each ends.

    One thread iterates, and may stop at any time and `close`; any thread may `cancel`. Nothing is asked before the
    first `next`.
    """

    def __init__(self, loop: Loop, jobs: Sequence[Job], *, on_done: Callable[[Done], None]) -> None:
        """The jobs are those of the questions, in their order; `on_done` gets the end of each."""
        self._on_done = on_done
        self._loop = loop
        self._jobs = jobs
        self._events: queue.SimpleQueue[tuple[int, Event] | None] = queue.SimpleQueue()
        self._stopped = threading.Event()
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
        self._loop.withdraw(self._jobs, wait=False)
        self._events.put(None)

    def _run(self) -> Generator[tuple[int, Answer], None, None]:
        if self._stopped.is_set():
            return
        if self._loop.closed:
            raise NodeError("the model nodes were left already; ask within the run")
        running = len(self._jobs)
        for number, job in enumerate(self._jobs):
            job.payload = Order(questions=job.payload, judged=False, put=self._into(number))
        try:
            self._loop.submit(self._jobs)
            while running and not self._stopped.is_set():
                item = self._events.get()
                if item is None:
                    return
                number, event = item
                if isinstance(event, Done):
                    running -= 1
                    self._on_done(event)
                    if event.error:
                        raise NodeError(event.error)
                elif isinstance(event[1], Answer):
                    yield number, event[1]
        finally:
            if running:
                self._loop.withdraw(self._jobs, wait=True)

    def _into(self, number: int) -> Callable[[Event], None]:
        return lambda event: self._events.put((number, event))
