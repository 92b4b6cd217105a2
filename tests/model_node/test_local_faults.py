"""What breaks under the engine: numbers that are none end one sample, a dead thread tells everyone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from nodes import PATIENCE

from model_node.engine.base import EngineError, ErrorKind, FinishReason, JudgeJob, Prompt, ScoreJob, Usage
from model_node.engine.local import LocalEngine


def spoil(engine: LocalEngine, row: int, at: int) -> None:
    """Make the logits of one row NaN in one step."""
    forward, steps = engine._batch._forward, []

    def sick() -> torch.Tensor:
        logits = forward()
        steps.append(1)
        if len(steps) == at:
            logits = logits.clone()
            logits[row] = float("nan")
        return logits

    engine._batch._forward = sick  # type: ignore[method-assign]


def without_numbers(_model: Any, _inputs: Any, result: Any) -> Any:
    result.logits = torch.full_like(result.logits, float("nan"))
    return result


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_row_without_numbers_ends_alone_and_nothing_of_it_is_sent(
    make_engine: Callable[..., LocalEngine], collector: type, temperature: float
) -> None:
    engine, plain, owner = make_engine(), collector(), collector()
    object.__setattr__(engine._loaded, "end_tokens", frozenset())
    settings: dict[str, Any] = {"samples": 4, "max_new_tokens": 12, "temperature": temperature}
    engine.submit(plain.job("yes", **settings))
    expected = plain.wait().texts()
    spoil(engine, row=1, at=3)
    engine.submit(owner.job("yes", **settings))
    assert isinstance(owner.wait().result, Usage)
    sick = [sample for sample in owner.samples if sample.finish_reason is FinishReason.ERROR]
    assert [(sample.sample_index, sample.text) for sample in sick] == [(1, "")]
    assert "NaN after 3 tokens; ask again" in sick[0].error
    assert {key: text for key, text in owner.texts().items() if text} == {
        key: text for key, text in expected.items() if key != (0, 1)
    }


def test_a_prompt_whose_logits_are_no_numbers_is_not_kept(
    make_engine: Callable[..., LocalEngine], collector: type
) -> None:
    engine, first, second = make_engine(), collector(), collector()
    hook = engine._loaded.model.register_forward_hook(without_numbers)
    engine.submit(first.job("yes", samples=2, max_new_tokens=3))
    assert {sample.finish_reason for sample in first.wait().samples} == {FinishReason.ERROR}
    hook.remove()
    engine.submit(second.job("yes", samples=2, max_new_tokens=3))
    assert FinishReason.ERROR not in {sample.finish_reason for sample in second.wait().samples}


@pytest.mark.parametrize("method", ["judge", "score"])
def test_a_judgement_without_numbers_is_an_error(engine: LocalEngine, collector: type, method: str) -> None:
    owner = collector()
    engine._loaded.model.register_forward_hook(without_numbers)
    prompt = Prompt(text="yes no")
    if method == "judge":
        engine.judge(JudgeJob(request_id="j", prompts=(prompt,), on_done=owner.done))
    else:
        engine.score(ScoreJob(request_id="s", prompt=prompt, continuations=("yes",), on_done=owner.done))
    result = owner.wait().result
    assert isinstance(result, EngineError)
    assert "NaN" in str(result)


def test_memory_of_the_host_that_runs_out_halves_the_batch_as_well(make_engine: Any, collector: type) -> None:
    engine, owner = make_engine(max_batch=8), collector()
    step = engine._batch.step

    def fail_once() -> int:
        engine._batch.step = step
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory: 8 bytes")

    engine._batch.step = fail_once
    engine.submit(owner.job("yes", samples=8, max_new_tokens=4))
    assert isinstance(owner.wait().result, Usage)
    assert len(owner.samples) == 8
    assert engine.info().max_batch_samples == 4


def test_when_the_engine_thread_dies_every_request_is_told(
    make_engine: Callable[..., LocalEngine], collector: type
) -> None:
    engine = make_engine()
    told: list[EngineError] = []
    engine.on_failure = told.append
    owners = [collector(), collector()]
    turns: list[int] = []

    def die() -> None:
        turns.append(1)
        if len(turns) == 1:
            engine.submit(owners[1].job("no", name="second"))
        if len(turns) == 3:
            raise KeyError("lost")

    engine.on_turn = die
    engine.submit(owners[0].job("yes", name="first", samples=3, max_new_tokens=100, temperature=1.0))
    for owner in owners:
        result = owner.wait().result
        assert isinstance(result, EngineError)
        assert result.kind is ErrorKind.UNAVAILABLE
        ended = "the node has lost its engine (KeyError) and stops; see its log, start it again or ask another node"
        assert str(result) == ended
    engine._thread.join(PATIENCE)  # type: ignore[union-attr]
    assert [error.kind for error in told] == [ErrorKind.UNAVAILABLE]
    with pytest.raises(EngineError, match="the node has lost its engine") as refused:
        engine.submit(collector().job("yes", name="late"))
    assert refused.value.kind is ErrorKind.UNAVAILABLE
