"""Ways to ask a pool, and to play the engines meanwhile."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Any

from nodes import PATIENCE, ScriptedEngine, question, sample

from model_node.engine.base import Usage
from pytest_supercharger.client import NodePool
from pytest_supercharger.domain import Answer, Question


class Drawing:
    """A thread that draws answers, so that the test can play the engines meanwhile."""

    def __init__(self, answers: Iterator[tuple[int, Answer]]) -> None:
        self._events: queue.Queue[Any] = queue.Queue()
        self._thread = threading.Thread(target=self._run, args=(answers,), daemon=True)
        self._thread.start()

    def _run(self, answers: Iterator[tuple[int, Answer]]) -> None:
        try:
            for item in answers:
                self._events.put(item)
        except Exception as error:
            self._events.put(error)
        self._events.put(None)

    def next(self) -> Any:
        return self._events.get(timeout=PATIENCE)

    def rest(self) -> list[Any]:
        return list(iter(self.next, None))


def finish(job: Any) -> None:
    for index in range(job.first_sample_index, job.first_sample_index + job.num_samples):
        job.on_sample(sample(index))
    job.on_done(Usage())


def draw(pool: NodePool, *questions: Question, samples: int, seconds: float = PATIENCE, **more: Any) -> Any:
    return pool.generate(questions or [question()], samples=samples, deadline_seconds=seconds, **more)


def indices(items: list[Any]) -> list[int]:
    return sorted(answer.sample_index for _, answer in items)


def alike() -> list[ScriptedEngine]:
    """Two nodes' engines with one model."""
    return [ScriptedEngine(name=name, digest="of both") for name in ("one", "two")]
