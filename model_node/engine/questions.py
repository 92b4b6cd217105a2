"""Judge and score jobs, answered one prompt at a time between the steps of the decoding batch."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from model_node.engine.base import EngineError, JudgeJob, Judgement, ScoredContinuation, ScoreJob, Usage
from model_node.engine.judge import Answers, judge_logits, score_continuation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
    answer: Callable[[int], Answer]  # the one with this number
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
        if self.size:
            self.answers.append(self.answer(len(self.answers)))
        return self.size > 0

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

    def add(self, tokens: int, computed: int) -> None:
        self.prompt_tokens += tokens
        self.computed += computed


class Reader:
    """Makes questions of jobs; what is wrong with one is told when it is made."""

    def __init__(self, loaded: LoadedModel, encoder: Encoder, store: PrefixStore) -> None:
        self._loaded = loaded
        self._encoder = encoder
        self._store = store
        self._scored: Prefill | None = None  # the last one, however many clients take turns

    def judge(self, job: JudgeJob) -> Question[Judgement]:
        """A question with one judgement a prompt."""
        answers = Answers(job, self._encoder)
        prompts = [self._encoder.prompt(prompt) for prompt in job.prompts]
        tally = _Tally()

        def answer(number: int) -> Judgement:
            prefill, computed = self._store.prefill(prompts[number])
            tally.add(len(prompts[number]), computed)
            return judge_logits(prefill.logits[0], answers)

        return Question(job=job, on_done=job.on_done, answer=answer, submitted=time.monotonic(), tally=tally)

    def score(self, job: ScoreJob) -> Question[ScoredContinuation]:
        """A question with one score a continuation."""
        prompt = self._encoder.prompt(job.prompt)
        continuations = [self._encoder.text(text, special=False) for text in job.continuations]
        self._encoder.check(len(prompt) + max(map(len, continuations), default=0) - 1)
        tally = _Tally()

        def answer(number: int) -> ScoredContinuation:
            self._scored, computed = self._store.prefill(prompt)
            if not number:
                tally.add(len(prompt), computed)
            return score_continuation(self._loaded, self._scored, len(prompt), continuations[number])

        return Question(job=job, on_done=job.on_done, answer=answer, submitted=time.monotonic(), tally=tally)

    def rest(self) -> None:
        """Let the prompt of the last score go."""
        self._scored = None
