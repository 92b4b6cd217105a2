"""Where jobs come in from any thread and wait for the engine's: the queue, what is under way, what was cancelled."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict, deque
from typing import TYPE_CHECKING, Any

from model_node.engine.base import EngineError, ErrorKind, GenerateJob, JudgeJob, ScoreJob
from model_node.engine.scheduler import Group, Running, Scheduler, overdue

if TYPE_CHECKING:
    from model_node.engine.questions import Question

    Entry = Running | Question[Any]

__all__ = ["Desk"]

_CLOSED = "the engine is not running; start the node again"


class Desk:
    """The state that gRPC handlers and the engine thread share; every method may be called from any thread."""

    def __init__(self, max_queued: int) -> None:
        """Hold no job, and take none until `open`."""
        self.max_queued = max_queued  # samples that may wait
        self._lock = threading.Condition()  # guards everything below it
        self._scheduler = Scheduler()
        self._live: dict[str, Entry] = {}
        self._questions: OrderedDict[str, deque[Question[Any]]] = OrderedDict()  # by client, the next one first
        self._cancelled: set[str] = set()
        self._open = False
        self._refusal = EngineError(ErrorKind.FAILED, _CLOSED)

    @property
    def queued(self) -> int:
        """Samples that wait, and what is asked of the judge and score jobs that are not done."""
        with self._lock:
            return self._queued().total()

    def open(self) -> None:
        """Take jobs from now on."""
        with self._lock:
            self._open = True

    def close(self, refusal: EngineError | None = None) -> None:
        """Take no more jobs, and send the engine thread home; `refusal` says why to those that still come."""
        with self._lock:
            self._open = False
            if refusal is not None:
                self._refusal = refusal
            self._lock.notify()

    def submit(self, running: Running, groups: list[Group]) -> None:
        """Queue the samples of a job; raises EngineError where it cannot be taken."""
        with self._lock:
            self._admit(running.job, sum(len(group.waiting) for group in groups))
            self._scheduler.add(groups)
            self._live[running.job.request_id] = running
            self._lock.notify()

    def ask(self, question: Question[Any]) -> None:
        """Queue a judge or score job; raises EngineError where it cannot be taken."""
        with self._lock:
            self._admit(question.job, question.size)
            self._questions.setdefault(question.job.client, deque()).append(question)
            self._live[question.job.request_id] = question
            self._lock.notify()

    def cancel(self, request_id: str) -> bool:
        """Note that a job is to end at the next step; False when it is not under way."""
        with self._lock:
            if request_id not in self._live:
                return False
            self._cancelled.add(request_id)
            return True

    def wait(self) -> bool:
        """Block until there is work; False when the desk is closed."""
        with self._lock:
            while self._open and not self._live:
                self._lock.wait()
            return self._open

    def entries(self) -> list[Entry]:
        """All jobs that are under way."""
        with self._lock:
            return list(self._live.values())

    def overdue(self) -> list[tuple[Entry, EngineError]]:
        """The jobs that were cancelled or are late, and what to tell their owners."""
        with self._lock:
            cancelled = set(self._cancelled)
        found = []
        for entry in self.entries():
            name = entry.job.request_id
            if name in cancelled:
                found.append((entry, EngineError(ErrorKind.CANCELLED, f'request "{name}" was cancelled')))
            elif overdue(entry.job.deadline):
                text = f'request "{name}" ran out of time; give it more or ask for less'
                found.append((entry, EngineError(ErrorKind.DEADLINE, text)))
        return found

    def question(self) -> Question[Any] | None:
        """The judge or score job that takes the next step; the clients take turns."""
        with self._lock:
            client = next(iter(self._questions), None)
            if client is None:
                return None
            self._questions.move_to_end(client)
            return self._questions[client][0]

    def next_group(self, free: int, *, keeps: bool = True) -> tuple[Group, int] | None:
        """The group whose samples come next, and how many of `free` rows are its client's share."""
        with self._lock:
            group = self._scheduler.next_group(keeps=keeps)
            return None if group is None else (group, self._scheduler.share(group, free))

    def take(self, group: Group, count: int) -> list[int]:
        """Take up to `count` waiting samples of `group`."""
        with self._lock:
            return self._scheduler.take(group, count)

    def put_back(self, group: Group, samples: list[int]) -> None:
        """Queue samples again that lost their rows."""
        with self._lock:
            self._scheduler.put_back(group, samples)

    def end(self, entry: Entry) -> bool:
        """Forget a job; False when it has ended before."""
        name = entry.job.request_id
        with self._lock:
            if self._live.get(name) is not entry:
                return False
            del self._live[name]
            self._cancelled.discard(name)
            if isinstance(entry, Running):
                self._scheduler.remove(entry)
            else:
                self._leave(entry)
            return True

    def _queued(self) -> Counter[str]:
        """What waits, by client."""
        found = self._scheduler.queued
        for client, asked in self._questions.items():
            found[client] += sum(question.size for question in asked)
        return found

    def _leave(self, question: Question[Any]) -> None:
        waiting = self._questions[question.job.client]
        waiting.remove(question)
        if not waiting:
            del self._questions[question.job.client]

    def _admit(self, job: GenerateJob | JudgeJob | ScoreJob, size: int) -> None:
        if not self._open:
            raise self._refusal
        if job.request_id in self._live:
            raise EngineError(ErrorKind.INVALID, f'request id "{job.request_id}" is in use; choose another')
        waiting, limit = self._queued(), self.max_queued
        queued = waiting.total()
        # A quarter more room than others have filled, for clients that have nothing there.
        reserve = limit // 4 if queued and not waiting[job.client] else 0
        if queued + size > limit + reserve:
            text = f"the queue holds {queued} of {limit} samples and {size} more do not fit; ask again later"
            raise EngineError(ErrorKind.EXHAUSTED, text)
