"""The engine that runs a model here: torch and transformers, one thread, one decoding batch for all jobs."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from model_node.engine.base import (
    EngineError,
    EngineInfo,
    ErrorKind,
    FinishedSample,
    GenerateJob,
    JudgeJob,
    Load,
    ScoreJob,
)
from model_node.engine.desk import Desk
from model_node.engine.failures import broken, call_back, fatal, out_of_memory
from model_node.engine.meter import Meter
from model_node.engine.scheduler import Group, Running, enter
from model_node.engine.validation import check_job

# torch takes seconds to import and is not needed to name the engine: the modules that use it come with start().
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from model_node.engine.batch import Batch
    from model_node.engine.chat import Encoder
    from model_node.engine.loading import LoadedModel
    from model_node.engine.prefixes import PrefixStore
    from model_node.engine.questions import Question, Reader

__all__ = ["LocalEngine"]

_log = logging.getLogger(__name__)
_STORE_TOKENS = 16384


class LocalEngine:
    """Runs the model in `folder`; see `model_node.engine.base.Engine` for the contract."""

    def __init__(
        self,
        folder: Path,
        *,
        quantization: str = "bf16",
        device: str = "auto",
        max_batch: int | None = None,
        max_context: int | None = None,
        max_queued: int = 4096,
        model_id: str,
        cache: Path | None = None,
    ) -> None:
        """Load from `folder` at the start; weights in 8 bit are kept in `cache`, where there is one."""
        self._folder = folder
        self._settings: dict[str, Any] = {"quantization": quantization, "device": device, "max_context": max_context}
        self._settings["cache"] = cache
        self._max_batch = max_batch or 0
        self._model_id = model_id
        self._desk = Desk(max_queued)
        self._meter = Meter()
        self._thread: threading.Thread | None = None
        self._loaded: LoadedModel
        self._encoder: Encoder
        self._store: PrefixStore
        self._reader: Reader
        self._batch: Batch
        self.on_turn: Callable[[], None] | None = None  # called on the engine thread ahead of every turn
        self.on_failure: Callable[[EngineError], None] = lambda _: None

    def start(self) -> None:
        try:
            from model_node.engine.batch import Batch
            from model_node.engine.chat import Encoder
            from model_node.engine.loading import load_model
            from model_node.engine.prefixes import PrefixStore
            from model_node.engine.questions import Reader
            from model_node.engine.tuning import batch_size
        except ImportError as error:
            text = f'{error.name} is not installed; install it with pip install "pytest-supercharger[node]"'
            raise EngineError(ErrorKind.FAILED, text) from error
        self._loaded = load_model(self._folder, **self._settings)
        self._max_batch = self._max_batch or batch_size(self._loaded)
        self._encoder = Encoder(self._loaded.tokenizer, self._loaded.max_context)
        self._store = PrefixStore(self._loaded, min(_STORE_TOKENS, self._loaded.cache_tokens // 4))
        self._reader = Reader(self._loaded, self._encoder, self._store)
        self._batch = Batch(self._loaded, self._emit)
        self._desk.open()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    def info(self) -> EngineInfo:
        return EngineInfo(
            model_id=self._model_id,
            model_digest=self._loaded.digest,
            backend="transformers",
            quantization=self._settings["quantization"],
            devices=self._loaded.devices,
            max_context_tokens=self._loaded.max_context,
            max_batch_samples=self._max_batch,
            max_queued_samples=self._desk.max_queued,
        )

    def load(self) -> Load:
        running, queued = len(self._batch.rows), self._desk.queued
        return Load(
            running_samples=running,
            queued_samples=queued,
            free_samples=max(self._max_batch - running - queued, 0),
            tokens_per_second=self._meter.tokens_per_second(),
        )

    def submit(self, job: GenerateJob) -> None:
        check_job(job)
        prompts = [self._encoder.prompt(prompt) for prompt in job.prompts]
        self._desk.submit(*enter(job, prompts, self._loaded.max_context))

    def judge(self, job: JudgeJob) -> None:
        self._desk.ask(self._reader.judge(job))

    def score(self, job: ScoreJob) -> None:
        self._desk.ask(self._reader.score(job))

    def cancel(self, request_id: str) -> bool:
        return self._desk.cancel(request_id)

    def close(self) -> None:
        self._desk.close()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    # What follows runs on the engine thread.

    def _run(self) -> None:
        import torch

        with torch.inference_mode():
            try:
                while self._desk.wait():
                    self._turn()
                for entry in self._desk.entries():  # their rows are inference tensors too
                    text = f'request "{entry.job.request_id}": the node is stopping'
                    self._end(entry, EngineError(ErrorKind.CANCELLED, text))
            except BaseException as error:  # whatever it is, nobody may wait for a thread that is gone
                self._give_up(fatal(error))

    def _give_up(self, error: EngineError) -> None:
        """Tell everyone; the batch is not touched, for it may be what broke."""
        self._desk.close(error)
        for entry in self._desk.entries():
            if self._desk.end(entry):
                call_back(entry.job.on_done, error)
        call_back(self.on_failure, error)

    def _turn(self) -> None:
        if self.on_turn is not None:
            self.on_turn()
        self._expire()
        self._answer()
        self._fill()
        self._step()

    def _expire(self) -> None:
        """End the jobs that were cancelled or are late; their rows are free before the next step."""
        for entry, error in self._desk.overdue():
            self._end(entry, error)

    def _answer(self) -> None:
        """Take the first judge or score job one step on."""
        question = self._desk.question()
        if question is None:
            return
        try:
            if not question.advance():
                self._end(question, (question.answers, question.usage(time.monotonic())))
        except EngineError as error:
            self._end(question, error)
        except Exception as error:  # torch raises anything; one job ends, the engine thread goes on
            self._end(question, broken(question.job.request_id, error))

    def _fill(self) -> None:
        """Give free rows to waiting samples; every prompt is read once."""
        keeps = True  # but for rows that come free together, which all clients share
        while (free := self._max_batch - len(self._batch.rows)) > 0:
            found = self._desk.next_group(free, keeps=keeps)
            count = self._batch.fits(*found) if found is not None else 0
            if found is None or count <= 0:
                return
            group = found[0]
            samples, keeps = self._desk.take(group, count), False
            self._join(group, samples)
            self._expire()

    def _join(self, group: Group, samples: list[int]) -> None:
        running = group.running
        if running.started is None:
            running.started = time.monotonic()
        crowded = bool(self._batch.rows)
        try:
            prefill, computed = self._store.prefill(group.tokens)
            if group.prompt_index not in running.seen_groups:
                running.seen_groups.add(group.prompt_index)
                running.computed_tokens += computed
            crowded = crowded or len(samples) > 1  # a prompt too long by itself is no reason for a smaller batch
            self._batch.join(group, samples, prefill)
        except Exception as error:  # of torch again: the job ends, the engine thread goes on
            if not self._halved(error, crowded, [(group, sample) for sample in samples]):
                self._end(running, broken(running.job.request_id, error))

    def _step(self) -> None:
        if not self._batch.rows:
            return
        begun = time.monotonic()
        try:
            count = self._batch.step()
        except Exception as error:  # out of memory above all: told apart there
            jobs = {id(row.group.running): row.group.running for row in self._batch.rows}
            if not self._halved(error, len(self._batch.rows) > 1):
                self._batch.clear()
                for running in jobs.values():
                    self._end(running, broken(running.job.request_id, error))
            return
        now = time.monotonic()
        self._meter.add(now, count, now - begun)

    def _halved(self, error: Exception, crowded: bool, joining: Sequence[tuple[Group, int]] = ()) -> bool:
        """Where memory ran out, go on with half of the rows: those of the batch and `joining` are queued again."""
        if not out_of_memory(error):
            return False
        rows = [*((row.group, row.sample_index) for row in self._batch.clear()), *joining]
        self._store.clear()
        if not crowded:
            return False
        self._max_batch = max(self._max_batch // 2, 1)
        # A sample is a function of its key, so that starting it again gives the same text.
        for group, sample in rows:
            if group.running.remaining:
                self._desk.put_back(group, [sample])
        _log.warning("out of memory with %d rows; going on with at most %d", len(rows), self._max_batch)
        return True

    def _emit(self, running: Running, sample: FinishedSample) -> None:
        running.remaining -= 1
        running.completion_tokens += sample.num_tokens
        call_back(running.job.on_sample, sample)
        if not running.remaining:
            self._end(running, running.usage(time.monotonic()))

    def _end(self, entry: Running | Question[Any], result: Any) -> None:
        """Forget a job and tell its owner; only the first call for a job does anything."""
        if not self._desk.end(entry):
            return
        if not isinstance(entry, Running):
            self._reader.rest()
        elif entry.remaining:
            self._batch.remove(entry)
        call_back(entry.job.on_done, result)
