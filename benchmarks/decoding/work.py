"""What is decoded: samples of one prompt, and a mixed load that arrives over time."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from model_node.engine.base import EngineError, FinishedSample, GenerateJob, Message, Prompt, SamplingParams, Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_node.engine.base import Engine

__all__ = ["Ask", "Done", "loads", "through"]

_TASKS = (
    "returns the n-th prime number",
    "merges two sorted lists",
    "parses a duration such as 1h30m into seconds",
    "counts the words of a text, without case and punctuation",
    "rotates a square matrix by ninety degrees in place",
    "formats bytes for people, with units of 1024",
    "finds the longest common prefix of some strings",
    "evaluates an expression in reverse Polish notation",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Samples of one prompt."""

    task: str
    samples: int
    tokens: int  # of each sample
    arrives: float  # seconds after the beginning
    lines: int = 0  # of code ahead of the task, some eight tokens each

    @property
    def messages(self) -> list[dict[str, str]]:
        """The chat."""
        code = "".join(f"value_{number} = {number}\n" for number in range(self.lines))
        text = f"{code}Write a Python function that {self.task}, with a docstring and tests."
        return [{"role": "user", "content": text}]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of some asks."""

    tokens: int
    seconds: float


def loads(rows: Sequence[int], tokens: int, gap: float, lines: int = 0) -> dict[str, list[Ask]]:
    """The loads by name: so many samples at once, and 8 prompts with 8 samples each, one every `gap` seconds.

    The lengths of the mixed load are uneven: from a quarter of `tokens` to all of it.
    """
    found = {str(n): [Ask(task=_TASKS[0], samples=n, tokens=tokens, arrives=0.0, lines=lines)] for n in rows}
    lengths = [max(1, tokens * (1 + place * 5 % 8) // 8) for place in range(len(_TASKS))]
    found["mixed"] = [
        Ask(task=task, samples=8, tokens=max(length, tokens // 4), arrives=place * gap, lines=lines)
        for place, (task, length) in enumerate(zip(_TASKS, lengths, strict=True))
    ]
    return found


def through(engine: Engine, asks: Sequence[Ask]) -> Done:
    """Ask an engine as the node's service does, each when it arrives."""
    tokens: list[int] = []
    left = threading.Semaphore(0)
    problems: list[EngineError] = []

    def sample(item: FinishedSample) -> None:
        tokens.append(item.num_tokens)

    def done(end: Usage | EngineError) -> None:
        if isinstance(end, EngineError):
            problems.append(end)
        left.release()

    begin = time.perf_counter()
    for number, ask in enumerate(asks):
        time.sleep(max(0.0, begin + ask.arrives - time.perf_counter()))
        messages = tuple(Message(role=item["role"], text=item["content"]) for item in ask.messages)
        engine.submit(
            GenerateJob(
                request_id=str(number),
                prompts=(Prompt(messages=messages),),
                num_samples=ask.samples,
                params=SamplingParams(max_new_tokens=ask.tokens),
                on_sample=sample,
                on_done=done,
            )
        )
    for _ in asks:
        left.acquire()
    if problems:
        raise problems[0]
    return Done(tokens=sum(tokens), seconds=time.perf_counter() - begin)
