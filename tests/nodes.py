"""Real nodes for tests: a grpc.aio server in a thread, and an engine whose every step the test takes itself."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from model_node.config import NodeConfig
from model_node.engine.base import (
    Engine,
    EngineError,
    EngineInfo,
    ErrorKind,
    FinishedSample,
    FinishReason,
    GenerateJob,
    JudgeJob,
    Load,
    ScoreJob,
)
from model_node.server import Server
from pytest_supercharger.domain import Question, QuestionKind

PATIENCE = 20.0  # seconds no test ever waits unless something is broken


class ScriptedEngine:
    """Hands every job to the test, which plays the engine thread: `next_job()`, then `job.on_sample(...)`."""

    def __init__(
        self, *, name: str = "scripted", digest: str = "", max_queued: int = 64, max_context: int = 1000
    ) -> None:
        self.refusals: deque[EngineError] = deque()  # raised by the next submits, one each
        self.cancelled: queue.Queue[str] = queue.Queue()
        self.on_failure: Callable[[EngineError], None] = lambda _: None
        self._jobs: queue.Queue[Any] = queue.Queue()
        self._running: dict[str, Any] = {}
        self._info = EngineInfo(
            model_id=name,
            model_digest=digest or f"digest-of-{name}",
            backend="scripted",
            max_context_tokens=max_context,
            max_batch_samples=8,
            max_queued_samples=max_queued,
        )

    def next_job(self) -> Any:
        return self._jobs.get(timeout=PATIENCE)

    def start(self) -> None: ...

    def info(self) -> EngineInfo:
        return self._info

    def load(self) -> Load:
        return Load(running_samples=len(self._running), free_samples=8)

    def submit(self, job: GenerateJob | JudgeJob | ScoreJob) -> None:
        if self.refusals:
            raise self.refusals.popleft()
        self._running[job.request_id] = job
        self._jobs.put(job)

    judge = score = submit

    def cancel(self, request_id: str) -> bool:
        job = self._running.pop(request_id, None)
        if job is not None:
            self.cancelled.put(request_id)
            job.on_done(EngineError(ErrorKind.CANCELLED, "cancelled"))
        return job is not None

    def close(self) -> None: ...


class RunningNode:
    """A served engine on a free port of 127.0.0.1."""

    def __init__(self, engine: Engine, *, metrics: Any = None, traces: Any = None, **settings: Any) -> None:
        self.engine = engine
        self._watching = metrics, traces
        self._config = NodeConfig(**{"port": 0, "grace_seconds": PATIENCE, **settings})
        self._ready = threading.Event()
        self._gate = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)
        self.port = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> RunningNode:
        self.open()
        self.serve()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def open(self) -> None:
        """Bind, still loading."""
        self._thread.start()
        assert self._ready.wait(PATIENCE)

    def serve(self) -> None:
        self._call(self._server.ready())

    def drain(self) -> Any:
        """Begin an orderly end; the result is a future of its end."""
        return asyncio.run_coroutine_threadsafe(self._server.close(), self._loop)

    def kill(self) -> None:
        """End at once: connections are closed, nobody is told."""
        if self._thread.is_alive():
            self._call(self._server._server.stop(None))
            self._loop.call_soon_threadsafe(self._over.set)
            self._thread.join(PATIENCE)

    def _call(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        self.engine.start()
        self._server = Server(self.engine, self._config, *self._watching)
        self.port = await self._server.open()
        self._ready.set()
        await self._over.wait()
        await asyncio.to_thread(self.engine.close)


def sample(index: int, text: str = "", *, prompt: int = 0, reason: FinishReason = FinishReason.EOS) -> FinishedSample:
    return FinishedSample(
        prompt_index=prompt,
        sample_index=index,
        text=text or f"answer {index}",
        finish_reason=reason,
        num_tokens=2,
    )


def question(kind: QuestionKind = QuestionKind.CODE, stub: str = "shop:total") -> Question:
    return Question(
        kind=kind,
        stub_id=stub,
        system="You write Python.",
        user="Write total.",
        assistant_prefix="",
        max_new_tokens=64,
        temperature=0.8,
    )
