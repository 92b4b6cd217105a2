"""How many samples decode together: what the memory holds and, on a GPU, what a short timing at the start finds."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

import torch

from model_node.engine.base import GenerateJob, Prompt, SamplingParams
from model_node.engine.batch import Batch
from model_node.engine.failures import out_of_memory
from model_node.engine.prefixes import PrefixStore
from model_node.engine.scheduler import enter

if TYPE_CHECKING:
    from collections.abc import Callable

    from model_node.engine.loading import LoadedModel

__all__ = ["batch_size", "best", "most", "timed"]

_CPU_ROWS = 32
_GPU_ROWS = (32, 512)  # below, a step takes the time of reading the weights, whatever the rows
_SAMPLE_TOKENS = 512  # a usual prompt and its answer; `Batch.fits` counts those that are really there
_GAIN = 0.1  # how much faster twice the rows must be together, for each of them waits longer
_PROMPT = 256
_WARM, _TIMED = 3, 3  # a graph is recorded at the second step of a shape


def batch_size(loaded: LoadedModel, clock: Callable[[], float] = time.monotonic) -> int:
    """The rows for a model whose user names no number."""
    if loaded.device.type != "cuda":
        return most(loaded.cache_tokens, loaded.state_tokens, _CPU_ROWS)
    first, last = _GPU_ROWS
    return best(lambda rows: timed(loaded, rows, clock), first, most(loaded.cache_tokens, loaded.state_tokens, last))


def most(cache_tokens: int, state_tokens: int, limit: int) -> int:
    """How many rows of usual length the memory holds, at least one and at most `limit`."""
    return max(min(limit, cache_tokens // (_SAMPLE_TOKENS + state_tokens)), 1)


def best(seconds: Callable[[int], float], first: int, limit: int) -> int:
    """The rows, from `first` to `limit`, from which on more of them hardly bring more tokens a second.

    `seconds` times a step of so many rows; where memory runs out in it, the number before is taken.
    """
    rows = min(first, limit)
    try:
        rate = rows / seconds(rows)
        while rows < limit:
            more = min(2 * rows, limit)
            faster = more / seconds(more)
            if faster < rate * (1 + _GAIN * (more - rows) / rows):
                break
            rows, rate = more, faster
    except Exception as error:  # torch raises anything; what is not memory ends the start, as it would end a step
        if not out_of_memory(error):
            raise
    return rows


def timed(loaded: LoadedModel, rows: int, clock: Callable[[], float]) -> float:
    """Seconds of a step of `rows` samples, decoded as those of users are; nobody is sent their text."""
    endless = dataclasses.replace(loaded, end_tokens=frozenset(), max_context=2 * _PROMPT)
    job = GenerateJob(
        request_id="timing",
        prompts=(Prompt(text=""),),
        num_samples=rows,
        params=SamplingParams(max_new_tokens=_PROMPT),
        on_sample=lambda _: None,
        on_done=lambda _: None,
    )
    tokens = (0,) * _PROMPT
    (group,) = enter(job, [tokens], endless.max_context)[1]
    batch = Batch(endless, lambda *_: None)
    with torch.inference_mode():
        batch.join(group, range(rows), PrefixStore(endless, 0).prefill(tokens)[0])
        for _ in range(_WARM):
            batch.step()
        begun = clock()
        for _ in range(_TIMED):
            batch.step()
        return (clock() - begun) / _TIMED
