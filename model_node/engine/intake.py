"""Jobs between those who ask and the engine thread: what waits, what lives, what was cancelled. No torch."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Any, Union

from model_node.engine.base import EngineDied, EngineError, ErrorKind
from model_node.engine.scheduler import Group, Running, Scheduler, overdue

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from model_node.engine.questions import Question

__all__ = ["Entry", "Intake"]

Entry = Union[Running, "Question[Any]"]


class Intake:
    """The door of an engine: any thread may come with work, and the engine thread waits here for it."""

    def __init__(self, max_queued: int) -> None:
        self.max_queued = max_queued
        self._wake = threading.Condition()  # guards everything below it
        self._scheduler = Scheduler(max_queued)
        self._questions: OrderedDict[str, deque[Question[Any]]] = OrderedDict()  # by client, the next one first
        self._live: dict[str, Entry] = {}
        self._cancelled: set[str] = set()
        self._open = False
        self._death: EngineDied | None = None

    @property
    def queued(self) -> int:
        """Samples that wait."""
        with self._wake:
            return self._scheduler.queued

    def open(self) -> None:
        """Take work from now on."""
        with self._wake:
            self._open = True

    def close(self, death: EngineDied | None = None) -> None:
        """Take no more work, and say so with `death` where there was one; the engine thread hears of it."""
        with self._wake:
            self._open = False
            self._death = death or self._death
            self._wake.notify()

    def add(self, running: Running, groups: list[Group]) -> None:
        """Queue a job; EngineError where it cannot be taken, and then nothing of it is."""
        with self._wake:
            self._admit(running.job.request_id)
            self._scheduler.add(groups)
            self._live[running.job.request_id] = running
            self._wake.notify()

    def ask(self, question: Question[Any]) -> None:
        """Queue a judge or score job; EngineError where it cannot be taken."""
        with self._wake:
            self._admit(question.job.request_id)
            self._questions.setdefault(question.job.client, deque()).append(question)
            self._live[question.job.request_id] = question
            self._wake.notify()

    def cancel(self, request_id: str) -> bool:
        """Mark a job for the engine thread to end; False when it does not live."""
        with self._wake:
            if request_id not in self._live:
                return False
            self._cancelled.add(request_id)
            return True

    def _admit(self, request_id: str) -> None:
        if self._death is not None:
            raise self._death
        if not self._open:
            text = f'request "{request_id}": the engine is not running; start the node again'
            raise EngineError(ErrorKind.FAILED, text)
        if request_id in self._live:
            raise EngineError(ErrorKind.INVALID, f'request id "{request_id}" is in use; choose another')

    # What follows is for the engine thread.

    def wait(self) -> bool:
        """Wait until a job lives; False once closed."""
        with self._wake:
            while self._open and not self._live:
                self._wake.wait()
            return self._open

    def entries(self) -> list[Entry]:
        """All jobs that live."""
        with self._wake:
            return list(self._live.values())

    def over(self) -> list[tuple[Entry, EngineError]]:
        """The jobs that were cancelled or are late, and what to tell their owners."""
        with self._wake:
            entries, cancelled = list(self._live.values()), set(self._cancelled)
        found = []
        for entry in entries:
            name = entry.job.request_id
            if name in cancelled:
                found.append((entry, EngineError(ErrorKind.CANCELLED, f'request "{name}" was cancelled')))
            elif overdue(entry.job.deadline):
                text = f'request "{name}" ran out of time; give it more or ask for less'
                found.append((entry, EngineError(ErrorKind.DEADLINE, text)))
        return found

    def question(self) -> Question[Any] | None:
        """The judge or score job that takes the next step; the clients take turns."""
        with self._wake:
            if not self._questions:
                return None
            client, waiting = next(iter(self._questions.items()))
            self._questions.move_to_end(client)
            return waiting[0]

    def take(self, free: int, fits: Callable[[Group, int], int]) -> tuple[Group, list[int]] | None:
        """The next samples for at most `free` rows, fewer where `fits` says so; None where none can begin."""
        with self._wake:
            group = self._scheduler.next_group()
            count = fits(group, free) if group is not None else 0
            return (group, self._scheduler.take(group, count)) if group is not None and count > 0 else None

    def put_back(self, rows: Sequence[tuple[Group, int]]) -> None:
        """Queue samples again that lost their rows, where their jobs still want them."""
        with self._wake:
            for group, sample in rows:
                if group.running.remaining:
                    self._scheduler.put_back(group, [sample])

    def remove(self, entry: Entry) -> bool:
        """Forget a job; False when it was forgotten before."""
        name = entry.job.request_id
        with self._wake:
            if self._live.get(name) is not entry:
                return False
            del self._live[name]
            self._cancelled.discard(name)
            if isinstance(entry, Running):
                self._scheduler.remove(entry)
            else:
                self._leave(entry)
        return True

    def _leave(self, question: Question[Any]) -> None:
        waiting = self._questions[question.job.client]
        waiting.remove(question)
        if not waiting:
            del self._questions[question.job.client]
