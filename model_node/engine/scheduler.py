"""Who runs next: jobs, their groups of samples, and the bounded queue. No torch, no thread."""

from __future__ import annotations

import itertools
import time
from collections import deque
from dataclasses import dataclass, field

from model_node.engine.base import EngineError, ErrorKind, GenerateJob, Usage
from model_node.engine.shares import Level

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
    order: int = 0  # of arrival

    @property
    def longest(self) -> int:
        """Tokens of a sample that runs to its limit."""
        return len(self.tokens) + self.limit


class Scheduler:
    """The queue of samples: by priority, then fair between clients, then in order of arrival."""

    def __init__(self, max_queued: int) -> None:
        self.max_queued = max_queued
        self.queued = 0  # samples that wait
        self._levels: dict[int, Level] = {}
        self._groups: dict[Running, list[Group]] = {}
        self._arrivals = itertools.count()

    def add(self, groups: list[Group]) -> None:
        """Queue the groups of one job; raises EngineError EXHAUSTED and queues none when they do not fit."""
        added = sum(len(group.waiting) for group in groups)
        if self.queued + added > self.max_queued:
            raise EngineError(
                ErrorKind.EXHAUSTED,
                f"the queue holds {self.queued} of {self.max_queued} samples and {added} more do not fit;"
                " ask again later",
            )
        for group in groups:
            group.order = next(self._arrivals)
            self._groups.setdefault(group.running, []).append(group)
            self._level(group.running).push(group)
        self.queued += added

    def next_group(self) -> Group | None:
        """The group whose samples come next."""
        for priority in sorted(self._levels, reverse=True):
            if (group := self._levels[priority].first()) is not None:
                return group
            del self._levels[priority]
        return None

    def take(self, group: Group, count: int) -> list[int]:
        """Take up to `count` waiting samples of the next group, fewer where it is another client's turn by then."""
        level = self._level(group.running)
        count = min(count, len(group.waiting), level.most(group))
        taken = [group.waiting.popleft() for _ in range(count)]
        level.taken(group, count)
        self.queued -= count
        return taken

    def put_back(self, group: Group, samples: list[int]) -> None:
        """Queue samples again that lost their rows, ahead of the others of their group."""
        begins = not group.waiting
        group.waiting.extendleft(sorted(samples, reverse=True))
        self.queued += len(samples)
        if begins:
            self._level(group.running).push(group)

    def remove(self, running: Running) -> None:
        """Forget what is left of a job."""
        for group in self._groups.pop(running, ()):
            self.queued -= len(group.waiting)
            group.waiting.clear()

    def _level(self, running: Running) -> Level:
        return self._levels.setdefault(running.job.priority, Level())


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
