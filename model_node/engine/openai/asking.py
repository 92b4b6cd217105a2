"""Jobs as conversations with the server: every sample is asked for until it has come."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from model_node.engine.base import (
    EngineError,
    ErrorKind,
    FinishedSample,
    FinishReason,
    GenerateJob,
    JudgeJob,
    Judgement,
    Prompt,
    ScoredContinuation,
    ScoreJob,
    Usage,
)
from model_node.engine.failures import call_back
from model_node.engine.openai.answers import judge_body, judgement, likeliest, no_logprobs, score_body, scored
from model_node.engine.openai.chat import Choice, Reply, content_of, sampling_body, seed_of
from model_node.engine.openai.dialect import Dialect
from model_node.engine.openai.prefix import joined
from model_node.engine.openai.refusals import Refusal, as_error
from model_node.engine.openai.slots import Slots
from model_node.engine.stopping import cut

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Mapping, Sequence
    from typing import TypeVar

    from model_node.engine.openai.endpoint import Endpoint

    Answer = TypeVar("Answer")

__all__ = ["Asker", "Entry"]


@dataclass(slots=True, eq=False)
class Entry:
    """A job from its submission to its end."""

    job: GenerateJob | JudgeJob | ScoreJob
    remaining: int  # samples not yet sent, prompts or continuations
    submitted: float
    started: float | None = None
    replies: dict[int, Reply] = field(default_factory=dict)  # the first of each prompt
    completion_tokens: int = 0
    task: asyncio.Task[Any] | None = None

    def usage(self) -> Usage:
        """What the job has cost so far."""
        now = time.monotonic()
        started = now if self.started is None else self.started
        return Usage(
            prompt_tokens=sum(reply.prompt_tokens for reply in self.replies.values()),
            cached_prompt_tokens=sum(reply.cached_tokens for reply in self.replies.values()),
            completion_tokens=self.completion_tokens,
            queue_seconds=started - self.submitted,
            compute_seconds=now - started,
        )


class Asker:
    """Asks one model of one server; lives on one event loop."""

    def __init__(self, endpoint: Endpoint, model: str, most: int) -> None:
        """Ask for `most` samples at once."""
        self.slots = Slots(most)
        self._endpoint = endpoint
        self._model = model
        self._most = most
        self._dialect = Dialect()

    async def generate(self, entry: Entry, job: GenerateJob) -> Usage:
        """Hand on every sample of the job; return what it cost."""
        await _together(self._prompt(entry, job, index) for index in range(len(job.prompts)))
        return entry.usage()

    async def _prompt(self, entry: Entry, job: GenerateJob, prompt_index: int) -> None:
        """All samples of one prompt: what a server leaves out of one answer is asked for again."""
        missing: Sequence[int] = range(job.first_sample_index, job.first_sample_index + job.num_samples)
        while missing:
            parts = self._dialect.parts(missing, self._most)
            left = await _together(self._part(entry, job, prompt_index, part) for part in parts)
            missing = [index for part in left for index in part]

    async def _part(self, entry: Entry, job: GenerateJob, prompt_index: int, indices: Sequence[int]) -> Sequence[int]:
        """Ask for these samples at once and hand on what comes; return those that did not."""
        prompt = job.prompts[prompt_index]
        missing = list(indices)
        tokens = job.params.max_new_tokens
        async with self.slots.take(len(indices), client=job.client, priority=job.priority, tokens=tokens):
            self._started(entry)

            def body(continues: bool) -> dict[str, Any]:
                seed = seed_of(job.params.seed, prompt_index, indices[0])
                # A server that was asked in words to begin with a fence must not stop at that very fence.
                stop = continues or not prompt.assistant_prefix
                return sampling_body(job.params, count=len(indices), seed=seed, stop=stop)

            async with aclosing(self._ask(prompt, body)) as events:
                reply: Reply | None = None
                async for sent, event in events:
                    if reply is None:
                        reply = Reply(stops_sent="stop" in sent, wanted=len(indices))
                        entry.replies.setdefault(prompt_index, reply)
                    for choice in reply.feed(event):
                        if indices[choice.index] in missing:
                            missing.remove(indices[choice.index])
                            continues = "continue_final_message" in sent
                            self._emit(entry, _sample(job, prompt_index, indices[choice.index], choice, continues))
        self._dialect.answered(len(indices), len(indices) - len(missing))
        if len(missing) == len(indices):
            raise EngineError(ErrorKind.FAILED, f"{self._endpoint.url} answered without any choice; look at its log")
        return missing

    def _emit(self, entry: Entry, sample: FinishedSample) -> None:
        entry.completion_tokens += sample.num_tokens
        entry.remaining -= 1
        if isinstance(entry.job, GenerateJob):
            call_back(entry.job.on_sample, sample)

    def _started(self, entry: Entry) -> None:
        if entry.started is None:
            entry.started = time.monotonic()

    async def _ask(
        self, prompt: Prompt, body: Callable[[bool], Mapping[str, Any]]
    ) -> AsyncGenerator[tuple[Mapping[str, Any], Any], None]:
        """The events of an answer, each with what was sent; fields that the server refuses are left out and learned."""
        while True:
            continues = self._dialect.continues
            path, content = content_of(prompt, continues=continues)
            sent = self._dialect.spoken({"model": self._model, **content, **body(continues)})
            try:
                async with aclosing(self._endpoint.post(path, sent)) as events:
                    async for event in events:
                        yield sent, event
                return
            except Refusal as refusal:
                if self._dialect.learn(refusal, sent):
                    continue
                if "logprobs" in sent and refusal.status < 500 and "logprob" in refusal.field + refusal.said:
                    raise no_logprobs("judge") from None
                raise as_error(refusal, self._endpoint.url) from None

    async def judge(self, entry: Entry, job: JudgeJob) -> tuple[Sequence[Judgement], Usage]:
        """All judgements of the job and what they cost."""
        judgements = await _together(self._judgement(entry, job, prompt) for prompt in job.prompts)
        return judgements, entry.usage()

    async def _judgement(self, entry: Entry, job: JudgeJob, prompt: Prompt) -> Judgement:
        path, _ = content_of(prompt, continues=True)
        async with (
            self.slots.take(1, client=job.client),
            aclosing(self._ask(prompt, lambda _: judge_body(path))) as events,
        ):
            self._started(entry)
            async for sent, event in events:
                if prompt.assistant_prefix and "continue_final_message" not in sent:
                    message = "the server behind this node does not go on from given words; judge without a prefix"
                    raise EngineError(ErrorKind.REFUSED, message)
                return judgement(likeliest(event), job)
        raise no_logprobs("judge")

    async def score(self, entry: Entry, job: ScoreJob) -> tuple[Sequence[ScoredContinuation], Usage]:
        """All scores of the job and what they cost."""
        if job.prompt.messages:
            message = "the server behind this node hides its chat template, so a chat has no score; send plain text"
            raise EngineError(ErrorKind.REFUSED, message)
        scores = await _together(self._scored(entry, job, text) for text in job.continuations)
        return scores, entry.usage()

    async def _scored(self, entry: Entry, job: ScoreJob, continuation: str) -> ScoredContinuation:
        body = {"model": self._model, **score_body(job.prompt.text, continuation)}
        async with self.slots.take(1, client=job.client), aclosing(self._endpoint.post("completions", body)) as events:
            self._started(entry)
            try:
                async for event in events:
                    return scored(event, job.prompt.text, continuation)
            except Refusal as refusal:
                raise as_error(refusal, self._endpoint.url) from None
        raise no_logprobs("score")


def _sample(job: GenerateJob, prompt_index: int, sample_index: int, choice: Choice, continues: bool) -> FinishedSample:
    prefix = job.prompts[prompt_index].assistant_prefix
    whole = joined(prefix, choice.text, continues=continues)
    text, stopped = cut(whole[len(prefix) :], job.params.stop)
    return FinishedSample(
        prompt_index=prompt_index,
        sample_index=sample_index,
        text=prefix + text,
        finish_reason=FinishReason.STOP if stopped else choice.reason,
        num_tokens=choice.num_tokens,
        error=choice.error,
    )


async def _together(works: Iterable[Coroutine[Any, Any, Answer]]) -> list[Answer]:
    """All results in order; where one fails the others are cancelled first."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
