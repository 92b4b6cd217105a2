"""The engine itself: jobs are tasks on an event loop of its own thread, and each asks the server for its samples."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from typing import TYPE_CHECKING, Any

from model_node.engine.base import (
    EngineDied,
    EngineError,
    EngineInfo,
    ErrorKind,
    GenerateJob,
    JudgeJob,
    Load,
    ScoreJob,
)
from model_node.engine.failures import broken, call_back, ignore_death, lost
from model_node.engine.openai.asking import Asker, Entry
from model_node.engine.openai.endpoint import Endpoint
from model_node.engine.openai.models import chosen
from model_node.engine.validation import check_job

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    Work = Callable[[Asker, Entry, Any], Coroutine[Any, Any, Any]]

__all__ = ["OpenAIEngine"]

_BATCH = 32
_CONTEXT = 8192  # of a server that does not say


class OpenAIEngine:
    """Forwards to the server at `base_url`; see `model_node.engine.base.Engine` for the contract."""

    def __init__(
        self,
        base_url: str,
        *,
        model: str = "auto",
        key: str | None = None,
        max_batch: int | None = None,
        max_context: int | None = None,
        max_queued: int = 4096,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._base_url, self._key, self._pause = base_url, key, pause
        self._model = model
        self._max_batch = max_batch or _BATCH
        self._max_context = max_context or 0
        self._max_queued = max_queued
        self._lock = threading.Lock()  # guards what is below it
        self._entries: dict[str, Entry] = {}
        self._open = False
        self._death: EngineDied | None = None
        self.on_death: Callable[[EngineDied], None] = ignore_death
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="openai-engine", daemon=True)
        self._endpoint: Endpoint
        self._asker: Asker

    def start(self) -> None:
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._connect(), self._loop).result()
        except BaseException:
            self.close()
            raise
        self._open = True

    def info(self) -> EngineInfo:
        name = f"{self._endpoint.url}\n{self._model}".encode()
        return EngineInfo(
            model_id=self._model,
            model_digest="sha256:" + hashlib.sha256(name).hexdigest(),
            backend="openai",
            max_context_tokens=self._max_context,
            max_batch_samples=self._max_batch,
            max_queued_samples=self._max_queued,
        )

    def load(self) -> Load:
        with self._lock:
            remaining = sum(entry.remaining for entry in self._entries.values())
        running = min(self._asker.slots.used, remaining)
        free = max(self._max_batch - remaining, 0)
        return Load(running_samples=running, queued_samples=remaining - running, free_samples=free)

    def submit(self, job: GenerateJob) -> None:
        check_job(job)
        self._accept(job, len(job.prompts) * job.num_samples, Asker.generate)

    def judge(self, job: JudgeJob) -> None:
        self._accept(job, len(job.prompts), Asker.judge)

    def score(self, job: ScoreJob) -> None:
        self._accept(job, len(job.continuations), Asker.score)

    def cancel(self, request_id: str) -> bool:
        with self._lock:
            entry = self._entries.get(request_id)
        if entry is None:
            return False
        self._loop.call_soon_threadsafe(self._stop, entry)
        return True

    def close(self) -> None:
        with self._lock:
            self._open = False
        if not self._thread.is_alive():
            return
        asyncio.run_coroutine_threadsafe(self._disconnect(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _accept(self, job: Any, size: int, work: Work) -> None:
        name = job.request_id
        entry = Entry(job=job, remaining=size, submitted=time.monotonic())
        with self._lock:
            if self._death is not None:
                raise self._death
            if not self._open:
                raise EngineError(
                    ErrorKind.FAILED, f'request "{name}": the engine is not running; start the node again'
                )
            if name in self._entries:
                raise EngineError(ErrorKind.INVALID, f'request id "{name}" is in use; choose another')
            queued = sum(entry.remaining for entry in self._entries.values())
            if queued + size > self._max_queued:
                message = (
                    f"{queued} of {self._max_queued} samples are queued and {size} more do not fit; ask again later"
                )
                raise EngineError(ErrorKind.EXHAUSTED, message)
            self._entries[name] = entry
            self._loop.call_soon_threadsafe(self._begin, entry, work)

    def _run(self) -> None:
        try:
            self._loop.run_forever()
        except BaseException as error:  # what no task keeps to itself
            self._die(lost(error))

    def _die(self, death: EngineDied) -> None:
        with self._lock:
            self._death, entries = death, list(self._entries.values())
            self._entries.clear()
        for entry in entries:
            call_back(entry.job.on_done, death)
        call_back(self.on_death, death)

    # What follows runs on the event loop.

    async def _connect(self) -> None:
        self._endpoint = Endpoint(self._base_url, self._key, pause=self._pause)
        self._model, context = await chosen(self._endpoint, self._model)
        self._max_context = self._max_context or context or _CONTEXT
        self._asker = Asker(self._endpoint, self._model, self._max_batch)

    async def _disconnect(self) -> None:
        tasks = [entry.task for entry in self._entries.values() if entry.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if hasattr(self, "_endpoint"):
            await self._endpoint.close()

    def _begin(self, entry: Entry, work: Work) -> None:
        deadline = entry.job.deadline
        left = None if deadline is None else deadline - time.monotonic()
        entry.task = self._loop.create_task(asyncio.wait_for(work(self._asker, entry, entry.job), left))
        entry.task.add_done_callback(lambda task: self._end(entry, task))

    def _stop(self, entry: Entry) -> None:
        if entry.task is not None:
            entry.task.cancel()

    def _end(self, entry: Entry, task: asyncio.Task[Any]) -> None:
        name = entry.job.request_id
        with self._lock:
            del self._entries[name]
        error = None if task.cancelled() else task.exception()
        if task.cancelled():
            call_back(entry.job.on_done, EngineError(ErrorKind.CANCELLED, f'request "{name}" was cancelled'))
        elif isinstance(error, asyncio.TimeoutError):
            text = f'request "{name}" ran out of time; give it more or ask for less'
            call_back(entry.job.on_done, EngineError(ErrorKind.DEADLINE, text))
        elif error is None or isinstance(error, EngineError):
            call_back(entry.job.on_done, error or task.result())
        else:
            call_back(entry.job.on_done, broken(name, error))
