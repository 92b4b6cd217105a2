"""Samples that take their time, in a time of the test's own."""

from __future__ import annotations

from typing import Any

from model_node.engine.base import FinishedSample, FinishReason, GenerateJob, SamplingParams
from model_node.engine.pacing import Pacing


def job(name: str, *, priority: int = 0) -> GenerateJob:
    ignore: Any = lambda event: None  # noqa: E731 (a callback of the type that is asked for)
    params = SamplingParams(max_new_tokens=9)
    return GenerateJob(
        request_id=name, prompts=(), num_samples=1, params=params, priority=priority, on_sample=ignore, on_done=ignore
    )


def samples(*tokens: int) -> list[FinishedSample]:
    return [
        FinishedSample(prompt_index=0, sample_index=index, text="", finish_reason=FinishReason.EOS, num_tokens=count)
        for index, count in enumerate(tokens)
    ]


def ended(pacing: Pacing, now: float) -> list[tuple[str, int, bool]]:
    return [(due.job.request_id, due.sample.sample_index, due.is_last) for due in pacing.due(now)]


def test_rows_run_together_and_the_next_begins_when_one_has_ended() -> None:
    pacing = Pacing(2, 10.0)
    pacing.add(job("a"), samples(10, 20, 10), now=0.0)
    assert (pacing.running, pacing.waiting, pacing.next_end) == (2, 1, 1.0)
    assert ended(pacing, 0.9) == []
    assert ended(pacing, 1.7) == [("a", 0, False)]
    assert ended(pacing, 2.0) == [("a", 1, False), ("a", 2, True)]  # the third began at 1.0, not when it was looked at
    assert (pacing.running, pacing.waiting, pacing.next_end) == (0, 0, None)


def test_higher_priority_gets_the_next_row() -> None:
    pacing = Pacing(1, 10.0)
    pacing.add(job("first"), samples(10, 10), now=0.0)
    pacing.add(job("urgent", priority=1), samples(10), now=0.0)
    assert [name for name, _, _ in ended(pacing, 3.0)] == ["first", "urgent", "first"]


def test_a_cancelled_request_frees_its_rows() -> None:
    pacing = Pacing(1, 10.0)
    pacing.add(job("gone"), samples(1000, 1000), now=0.0)
    pacing.add(job("next"), samples(10), now=0.0)
    assert pacing.cancel("gone", 5.0) is not None
    assert pacing.cancel("gone", 5.0) is None
    assert ended(pacing, 6.0) == [("next", 0, True)]
