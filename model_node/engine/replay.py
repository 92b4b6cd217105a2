"""An engine that answers from a JSON-lines file: real client, server and sandbox with texts known beforehand.

One object a line: `{"kind": "code", "stub": "module:qualname or *", "text": "..."}`, for `judge` a `score` in
[0, 1] instead of the text. Answers come in file order, round and round, counted for each (kind, stub) apart.
"""

from __future__ import annotations

import hashlib
import json
import queue
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from model_node.engine.base import (
    EngineDied,
    EngineError,
    EngineInfo,
    ErrorKind,
    FinishedSample,
    FinishReason,
    GenerateJob,
    JudgeJob,
    Judgement,
    Load,
    Prompt,
    ScoreJob,
    Usage,
)
from model_node.engine.failures import broken, call_back, ignore_death, lost

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

__all__ = ["KINDS", "Line", "ReplayEngine", "parse"]

KINDS = ("code", "test", "repair", "improve_test", "expect", "judge")
_CONTEXT = 131_072  # a replayed answer has no context; wide enough that no client trims its prompt

_Job = GenerateJob | JudgeJob | ScoreJob


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One answer of a replay file."""

    kind: str
    stub: str
    text: str = ""
    score: float = 0.0


def parse(data: bytes, name: str) -> tuple[Line, ...]:
    """Read a replay file's bytes; ValueError names the file, the line and what is wrong with it."""
    lines = []
    for number, raw in enumerate(data.split(b"\n"), start=1):
        if raw.strip():
            try:
                lines.append(_line(raw))
            except ValueError as error:
                raise ValueError(f"{name}:{number}: {error}") from None
    if not lines:
        raise ValueError(f"{name}: no answers in it; write one JSON object a line")
    return tuple(lines)


def _line(raw: bytes) -> Line:
    try:
        item = json.loads(raw)
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from None
    if not isinstance(item, dict):
        raise ValueError(f'not a JSON object; write {{"kind": ..., "stub": ..., "text": ...}}, got {item!r:.60}')
    kind, stub = item.get("kind"), item.get("stub")
    if kind not in KINDS:
        raise ValueError(f'"kind" is {kind!r:.60}; it must be one of {", ".join(KINDS)}')
    if not isinstance(stub, str) or not (stub == "*" or all(stub.partition(":")[::2])):
        raise ValueError(f'"stub" is {stub!r:.60}; it must be "module:qualname" or "*"')
    if kind == "judge":
        return Line(kind=kind, stub=stub, score=_score(item))
    text = item.get("text")
    if not isinstance(text, str):
        raise ValueError(f'"text" is {text!r:.60}; it must be a string, the whole answer')
    return Line(kind=kind, stub=stub, text=text)


def _score(item: Mapping[str, object]) -> float:
    score = item.get("score")
    if isinstance(score, bool) or not isinstance(score, (int, float)) or not 0 <= score <= 1:
        raise ValueError(f'"score" is {score!r:.60}; it must be a number from 0 to 1')
    return float(score)


class ReplayEngine:
    """Answers each request with the next lines of its file, on a thread of its own, in order of submission."""

    def __init__(self, file: Path, *, max_queued: int = 4096) -> None:
        self._file = file
        self._max_queued = max_queued
        self.on_death: Callable[[EngineDied], None] = ignore_death
        self._digest = ""
        self._lines: dict[tuple[str, str], list[Line]] = {}
        self._next: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._waiting: dict[str, _Job] = {}  # in order of submission; the thread and `cancel` take from it
        self._wake: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._death: EngineDied | None = None
        self._thread = threading.Thread(target=self._run, name="replay-engine", daemon=True)

    def start(self) -> None:
        """Read the file and start answering; EngineError says which line is wrong."""
        try:
            data = self._file.read_bytes()
            lines = parse(data, str(self._file))
        except OSError as error:
            message = f"replay file {self._file} cannot be read: {error.strerror}; give --replay an existing file"
            raise EngineError(ErrorKind.INVALID, message) from None
        except ValueError as error:
            raise EngineError(ErrorKind.INVALID, f"replay file {error}") from None
        for line in lines:
            self._lines.setdefault((line.kind, line.stub), []).append(line)
        self._digest = hashlib.sha256(data).hexdigest()
        self._thread.start()

    def info(self) -> EngineInfo:
        """What is replayed; the digest is that of the file."""
        return EngineInfo(
            model_id=f"replay:{self._file.name}",
            model_digest=self._digest,
            backend="replay",
            max_context_tokens=_CONTEXT,
            max_batch_samples=self._max_queued,
            max_queued_samples=self._max_queued,
        )

    def load(self) -> Load:
        """How many samples wait; none ever runs for long."""
        with self._lock:
            queued = sum(_size(job) for job in self._waiting.values())
        return Load(queued_samples=queued, free_samples=max(0, self._max_queued - queued))

    def submit(self, job: GenerateJob) -> None:
        """Queue the job; EXHAUSTED when the queue is full."""
        self._queue(job)

    def judge(self, job: JudgeJob) -> None:
        """Queue the job; each prompt is answered by the next `judge` line of its stub."""
        self._queue(job)

    def score(self, job: ScoreJob) -> None:
        """Queue the job; it ends NOT_FOUND: a replay file holds no log-probabilities."""
        self._queue(job)

    def cancel(self, request_id: str) -> bool:
        """Take the job out of the queue; its on_done gets CANCELLED."""
        with self._lock:
            job = self._waiting.pop(request_id, None)
        if job is not None:
            job.on_done(EngineError(ErrorKind.CANCELLED, f"request {request_id} was cancelled"))
        return job is not None

    def close(self) -> None:
        """Cancel what waits and join the thread."""
        for request_id in list(self._waiting):
            self.cancel(request_id)
        if self._thread.is_alive():
            self._wake.put(None)
            self._thread.join()

    def _queue(self, job: _Job) -> None:
        with self._lock:
            if self._death is not None:
                raise self._death
            queued = sum(_size(waiting) for waiting in self._waiting.values())
            if queued + _size(job) > self._max_queued:
                raise EngineError(ErrorKind.EXHAUSTED, f"{queued} samples are queued; ask again later")
            self._waiting[job.request_id] = job
        self._wake.put(job.request_id)

    def _run(self) -> None:
        try:
            while (request_id := self._wake.get()) is not None:
                with self._lock:
                    job = self._waiting.get(request_id)
                if job is not None:
                    self._answer(job)
        except BaseException as error:
            self._die(lost(error))

    def _die(self, death: EngineDied) -> None:
        with self._lock:
            self._death, waiting = death, list(self._waiting.values())
            self._waiting.clear()
        for job in waiting:
            call_back(job.on_done, death)
        call_back(self.on_death, death)

    def _answer(self, job: _Job) -> None:
        try:
            if job.deadline is not None and time.monotonic() >= job.deadline:
                raise EngineError(ErrorKind.DEADLINE, f"the budget of request {job.request_id} is spent")
            finish = self._finish(job)
        except Exception as error:  # of this job alone
            finish = partial(job.on_done, broken(job.request_id, error))
        with self._lock:
            if self._waiting.pop(job.request_id, None) is None:
                return  # cancelled, and told so
        finish()

    def _finish(self, job: _Job) -> Callable[[], None]:
        # All lines are taken before the first is sent: a request either has an answer for every prompt or none.
        if isinstance(job, ScoreJob):
            raise EngineError(ErrorKind.NOT_FOUND, "a replay file holds no scores; ask a node with a model")
        if isinstance(job, JudgeJob):
            lines = [line for prompt in job.prompts for line in self._take("judge", prompt, 1)]
            judgements = [Judgement(score=line.score, answer_mass=1.0) for line in lines]
            return lambda: job.on_done((judgements, Usage()))
        samples = [sample for index, prompt in enumerate(job.prompts) for sample in self._samples(job, index, prompt)]
        return lambda: _send(job, samples)

    def _samples(self, job: GenerateJob, index: int, prompt: Prompt) -> list[FinishedSample]:
        return [
            FinishedSample(
                prompt_index=index,
                sample_index=sample_index,
                text=line.text,
                finish_reason=FinishReason.EOS,
                num_tokens=len(line.text.split()),
            )
            for sample_index, line in enumerate(
                self._take(prompt.kind, prompt, job.num_samples), start=job.first_sample_index
            )
        ]

    def _take(self, kind: str, prompt: Prompt, count: int) -> list[Line]:
        lines = self._lines.get((kind, prompt.subject)) or self._lines.get((kind, "*"))
        if not lines:
            message = f"{self._file.name} has no line of kind {kind!r} for {prompt.subject!r}; add one, or one for '*'"
            raise EngineError(ErrorKind.NOT_FOUND, message)
        first = self._next[kind, prompt.subject]
        self._next[kind, prompt.subject] = first + count
        return [lines[index % len(lines)] for index in range(first, first + count)]


def _send(job: GenerateJob, samples: Sequence[FinishedSample]) -> None:
    for sample in samples:
        job.on_sample(sample)
    job.on_done(Usage(completion_tokens=sum(sample.num_tokens for sample in samples)))


def _size(job: _Job) -> int:
    if isinstance(job, GenerateJob):
        return len(job.prompts) * job.num_samples
    return len(job.prompts) if isinstance(job, JudgeJob) else 1
