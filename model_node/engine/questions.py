"""Judge and score jobs, answered one prompt at a time between the steps of the decoding batch."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from model_node.engine.base import EngineError, JudgeJob, Judgement, ScoredContinuation, ScoreJob, Usage
from model_node.engine.judge import Answers, judge_logits, score_continuation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from model_node.engine.chat import Encoder
    from model_node.engine.loading import LoadedModel
    from model_node.engine.prefixes import Prefill, PrefixStore

__all__ = ["Question", "Reader"]

Answer = TypeVar("Answer", Judgement, ScoredContinuation)


@dataclass(slots=True, eq=False)
class Question(Generic[Answer]):
    """A judge or score job inside the engine; each `advance` answers one prompt or continuation."""

    job: JudgeJob | ScoreJob
    on_done: Callable[[tuple[Sequence[Answer], Usage] | EngineError], None]
    steps: Iterator[Answer]
    submitted: float
    started: float | None = None
    answers: list[Answer] = field(default_factory=list)
    tally: _Tally = field(default_factory=lambda: _Tally())

    @property
    def size(self) -> int:
        """Answers that are still to come, which count like samples that wait."""
        asked = self.job.prompts if isinstance(self.job, JudgeJob) else self.job.continuations
        return len(asked) - len(self.answers)

    def advance(self) -> bool:
        """Do one step; False when all answers are there."""
        if self.started is None:
            self.started = time.monotonic()
        try:
            self.answers.append(next(self.steps))
        except StopIteration:
            return False
        return True

    def usage(self, now: float) -> Usage:
        """What the job has cost so far."""
        started = now if self.started is None else self.started
        return Usage(
            prompt_tokens=self.tally.prompt_tokens,
            cached_prompt_tokens=self.tally.prompt_tokens - self.tally.computed,
            queue_seconds=started - self.submitted,
            compute_seconds=now - started,
        )


@dataclass(slots=True)
class _Tally:
    prompt_tokens: int = 0
    computed: int = 0


class Reader:
    """Makes questions of jobs."""

    def __init__(self, loaded: LoadedModel, encoder: Encoder, store: PrefixStore) -> None:
        self._loaded = loaded
        self._encoder = encoder
        self._store = store

    def judge(self, job: JudgeJob) -> Question[Judgement]:
        """A question with one judgement a prompt."""
        tally = _Tally()
        steps = self._judgements(job, tally)
        return Question(job=job, on_done=job.on_done, steps=steps, submitted=time.monotonic(), tally=tally)

    def score(self, job: ScoreJob) -> Question[ScoredContinuation]:
        """A question with one score a continuation."""
        tally = _Tally()
        steps = self._scores(job, tally)
        return Question(job=job, on_done=job.on_done, steps=steps, submitted=time.monotonic(), tally=tally)

    def _judgements(self, job: JudgeJob, tally: _Tally) -> Iterator[Judgement]:
        answers = Answers(job, self._encoder)
        # All prompts are read before the first answer, so that a bad one costs nothing.
        for tokens in [self._encoder.prompt(prompt) for prompt in job.prompts]:
            yield judge_logits(self._prefill(tokens, tally).logits[0], answers)

    def _scores(self, job: ScoreJob, tally: _Tally) -> Iterator[ScoredContinuation]:
        prompt = self._encoder.prompt(job.prompt)
        continuations = [self._encoder.text(text, special=False) for text in job.continuations]
        self._encoder.check(len(prompt) + max(map(len, continuations), default=0) - 1)
        prefill = self._prefill(prompt, tally)
        for tokens in continuations:
            yield score_continuation(self._loaded, prefill, len(prompt), tokens)

    def _prefill(self, tokens: tuple[int, ...], tally: _Tally) -> Prefill:
        prefill, computed = self._store.prefill(tokens)
        tally.prompt_tokens += len(tokens)
        tally.computed += computed
        return prefill
