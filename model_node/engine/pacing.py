"""Rows of a batch that take their time: known answers as a model of a given speed would send them."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_node.engine.base import FinishedSample, GenerateJob

__all__ = ["Due", "Pacing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A sample that has ended, and whether it is the last of its job."""

    job: GenerateJob
    sample: FinishedSample
    is_last: bool


class Pacing:
    """`rows` samples are decoded together, a token a step each; the others wait for a row. Time is passed in."""

    def __init__(self, rows: int, tokens_per_second: float) -> None:
        self.tokens_per_second = tokens_per_second
        self.rows = rows
        self._running: list[tuple[float, int, GenerateJob, FinishedSample]] = []  # a heap, by end
        self._waiting: deque[tuple[GenerateJob, FinishedSample]] = deque()
        self._left: dict[str, int] = {}  # samples by request
        self._numbers = itertools.count()

    @property
    def running(self) -> int:
        """Samples that have a row."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """Samples that have none."""
        return len(self._waiting)

    @property
    def next_end(self) -> float | None:
        """When the next sample ends."""
        return self._running[0][0] if self._running else None

    def add(self, job: GenerateJob, samples: Sequence[FinishedSample], now: float) -> None:
        """Begin with these samples as rows become free; those of higher priority first."""
        self._left[job.request_id] = len(samples)
        self._waiting.extend((job, sample) for sample in samples)
        if any(waiting.priority != job.priority for waiting, _ in self._waiting):
            self._waiting = deque(sorted(self._waiting, key=lambda item: -item[0].priority))
        self._fill(now)

    def cancel(self, request_id: str, now: float) -> GenerateJob | None:
        """Free the rows of a request; the job, or None where it is over."""
        if self._left.pop(request_id, None) is None:
            return None
        job = next(one for one in self._jobs() if one.request_id == request_id)
        self._running = [item for item in self._running if item[2] is not job]
        self._waiting = deque(item for item in self._waiting if item[0] is not job)
        heapq.heapify(self._running)
        self._fill(now)
        return job

    def due(self, now: float) -> list[Due]:
        """What has ended by now; a row begins with the next sample the moment its last one has ended."""
        found = []
        while self._running and self._running[0][0] <= now:
            end, _, job, sample = heapq.heappop(self._running)
            self._left[job.request_id] -= 1
            is_last = not self._left[job.request_id]
            if is_last:
                del self._left[job.request_id]
            found.append(Due(job=job, sample=sample, is_last=is_last))
            self._fill(end)
        return found

    def _jobs(self) -> list[GenerateJob]:
        return [item[2] for item in self._running] + [job for job, _ in self._waiting]

    def _fill(self, now: float) -> None:
        while self._waiting and len(self._running) < self.rows:
            job, sample = self._waiting.popleft()
            end = now + sample.num_tokens / self.tokens_per_second
            heapq.heappush(self._running, (end, next(self._numbers), job, sample))
