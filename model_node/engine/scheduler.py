"""Who runs next: jobs, their groups of samples, and the queue. No torch, no thread."""

from __future__ import annotations

import bisect
import itertools
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from model_node.engine.base import GenerateJob, Usage

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Group", "Running", "Scheduler", "enter", "overdue"]


@dataclass(slots=True, eq=False)
class Running:
    """A job inside the engine, from submit to on_done."""

    job: GenerateJob
    submitted: float
    prompt_tokens: int
    remaining: int  # samples not yet emitted
    started: float | None = None
    computed_tokens: int = 0  # prompt tokens the model had to read
    completion_tokens: int = 0
    seen_groups: set[int] = field(default_factory=set)

    def usage(self, now: float) -> Usage:
        """What the job has cost so far."""
        started = now if self.started is None else self.started
        return Usage(
            prompt_tokens=self.prompt_tokens,
            cached_prompt_tokens=max(self.prompt_tokens - self.computed_tokens, 0),
            completion_tokens=self.completion_tokens,
            queue_seconds=started - self.submitted,
            compute_seconds=now - started,
        )


@dataclass(slots=True, eq=False)
class Group:
    """One prompt of a job and its samples that wait for a row."""

    running: Running
    prompt_index: int
    tokens: tuple[int, ...]
    limit: int  # new tokens a sample may have
    waiting: deque[int]  # sample indices
    order: tuple[int, int] = (0, 0)

    @property
    def longest(self) -> int:
        """Tokens of a sample that runs to its limit."""
        return len(self.tokens) + self.limit


class Scheduler:
    """The queue of samples: by priority, then fairly between clients, then in order of arrival.

    Fair is start-time fair queueing (Goyal, Vin and Cheng, 1996): each client has a time that goes on by the tokens it
    takes up, the client with the earliest is next, and one that was away has no claim on what it did not use.
    A group keeps its turn for as many tokens as its prompt has: rows end one by one, and with another client at every
    row each prompt would be read again for each of its samples. Rows that come free together are shared all the same.
    """

    def __init__(self) -> None:
        self._groups: list[Group] = []
        self._arrivals = itertools.count()
        self._times: dict[str, int] = {}  # of clients that are ahead of the clock
        self._clock = 0
        self._turn: Group | None = None  # whose samples were taken last

    @property
    def queued(self) -> Counter[str]:
        """Samples that wait, by client."""
        found: Counter[str] = Counter()
        for group in self._groups:
            found[group.running.job.client] += len(group.waiting)
        return found

    def add(self, groups: list[Group]) -> None:
        """Queue the groups of one job."""
        for group in groups:
            group.order = (-group.running.job.priority, next(self._arrivals))
            self._insert(group)

    def next_group(self, *, keeps: bool = True) -> Group | None:
        """The group whose samples come next; where it `keeps` none, the turn of the last one is over."""
        self._turn = self._turn if keeps else None
        return min(self._first(), key=lambda group: (self._time(group) - self._lead(group), group.order), default=None)

    def share(self, group: Group, free: int) -> int:
        """How many of `free` rows the client of `group` may take at once, so that all that wait get some."""
        clients = {other.running.job.client for other in self._first()} | {group.running.job.client}
        return -(-free // len(clients))

    def take(self, group: Group, count: int) -> list[int]:
        """Take up to `count` waiting samples of `group`."""
        self._clock, self._turn = min(map(self._time, self._first())), group
        taken = [group.waiting.popleft() for _ in range(min(count, len(group.waiting)))]
        self._charge(group, len(taken))
        self._times = {client: time for client, time in self._times.items() if time > self._clock}
        if not group.waiting:
            self._groups.remove(group)
        return taken

    def put_back(self, group: Group, samples: list[int]) -> None:
        """Queue samples again that lost their rows, ahead of the others of their group."""
        if not group.waiting:
            self._insert(group)
        group.waiting.extendleft(sorted(samples, reverse=True))
        self._charge(group, -len(samples))

    def remove(self, running: Running) -> None:
        """Forget what is left of a job."""
        self._groups = [group for group in self._groups if group.running is not running]

    def _first(self) -> Iterator[Group]:
        """The groups of the highest priority that waits."""
        return itertools.takewhile(lambda group: group.order[0] == self._groups[0].order[0], self._groups)

    def _time(self, group: Group) -> int:
        return max(self._times.get(group.running.job.client, 0), self._clock)

    def _lead(self, group: Group) -> int:
        return len(group.tokens) if group is self._turn else 0

    def _charge(self, group: Group, samples: int) -> None:
        self._times[group.running.job.client] = self._time(group) + samples * group.limit

    def _insert(self, group: Group) -> None:
        bisect.insort(self._groups, group, key=lambda entry: entry.order)


def enter(job: GenerateJob, prompts: list[tuple[int, ...]], max_context: int) -> tuple[Running, list[Group]]:
    """The engine's view of a job whose prompts have these tokens; a sample's limit keeps it within the context."""
    running = Running(
        job=job,
        submitted=time.monotonic(),
        prompt_tokens=sum(map(len, prompts)),
        remaining=len(prompts) * job.num_samples,
    )
    groups = [
        Group(
            running=running,
            prompt_index=place,
            tokens=tokens,
            limit=min(job.params.max_new_tokens, max_context - len(tokens)),
            waiting=deque(range(job.first_sample_index, job.first_sample_index + job.num_samples)),
        )
        for place, tokens in enumerate(prompts)
    ]
    return running, groups


def overdue(deadline: float | None) -> bool:
    """Whether a deadline of time.monotonic() has passed."""
    return deadline is not None and time.monotonic() >= deadline
