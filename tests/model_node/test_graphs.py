"""Steps of fixed shape, and the CUDA graphs made of them, compute what the ordinary step does."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from model_node.engine.graphs import GraphedSteps, can_be_graphed
from model_node.engine.loading import load_model
from model_node.engine.local import LocalEngine

LENGTHS = (150, 40, 9)  # more than one buffer's columns, and rows that end in between


def crowd(engine: LocalEngine, collector: type) -> list[dict[tuple[int, int], str]]:
    """Texts of jobs of several lengths, two of which join while another decodes."""
    object.__setattr__(engine._loaded, "end_tokens", frozenset())
    owners = [collector() for _ in LENGTHS]
    texts = ("def add(a, b):", "yes", "the quick brown fox jumps over the lazy dog again")
    jobs = [
        owner.job(text, name=text, samples=3, temperature=1.0, max_new_tokens=length)
        for owner, text, length in zip(owners, texts, LENGTHS, strict=True)
    ]
    turns = 0

    def on_turn() -> None:
        nonlocal turns
        turns += 1
        if turns in (4, 9):
            engine.submit(jobs[1 if turns == 4 else 2])

    engine.on_turn = on_turn
    engine.submit(jobs[0])
    return [owner.wait().texts() for owner in owners]


def step_by(engine: LocalEngine, steps: GraphedSteps | None) -> None:
    """Let an engine without rows step as on a GPU, where each row has a copy of its prompt."""
    engine._batch._steps, engine._batch._shared = steps, False
    engine._batch.clear()


def test_steps_of_fixed_shape_give_the_texts_of_ordinary_ones(
    make_engine: Callable[..., LocalEngine], collector: type
) -> None:
    plain, fixed = make_engine(), make_engine()
    step_by(plain, None)
    step_by(fixed, GraphedSteps(fixed._loaded))
    assert crowd(plain, collector) == crowd(fixed, collector)


def test_a_step_of_fixed_shape_gives_the_logits_of_an_ordinary_one(
    make_engine: Callable[..., LocalEngine], collector: type
) -> None:
    engine = make_engine()
    step_by(engine, GraphedSteps(engine._loaded))
    found: list[list[list[float]]] = []
    forward = engine._batch._forward
    engine._batch._forward = lambda: kept(forward(), found)  # type: ignore[method-assign]
    crowd(engine, collector)
    fixed, found = found, []
    step_by(engine, None)
    forward = type(engine._batch)._forward.__get__(engine._batch)
    engine._batch._forward = lambda: kept(forward(), found)  # type: ignore[method-assign]
    crowd(engine, collector)
    assert len(fixed) == len(found) == LENGTHS[0] - 1
    for one, other in zip(fixed, found, strict=True):
        torch.testing.assert_close(torch.tensor(one), torch.tensor(other), atol=1e-4, rtol=1e-4)


def kept(logits: torch.Tensor, found: list[list[list[float]]]) -> torch.Tensor:
    found.append(logits.tolist())
    return logits


def test_nothing_is_graphed_on_a_cpu(tiny_folder: Path) -> None:
    assert not can_be_graphed(load_model(tiny_folder, quantization="fp32", device="cpu", max_context=None))


@pytest.mark.gpu
@pytest.mark.parametrize(
    ("quantization", "graphed"), [("fp32", True), ("bf16", True), ("int8-all", True), ("int8", False)]
)
def test_what_is_graphed_on_a_gpu(tiny_folder: Path, quantization: str, graphed: bool) -> None:
    loaded = load_model(tiny_folder, quantization=quantization, device="cuda", max_context=None)
    assert can_be_graphed(loaded) == graphed


@pytest.mark.gpu
def test_a_graph_is_replayed_and_ends_with_its_batch(make_engine: Callable[..., LocalEngine], collector: type) -> None:
    engine = make_engine(device="cuda")
    forwards: list[int] = []
    engine._loaded.model.register_forward_hook(lambda *_: forwards.append(1))
    owner = collector()
    object.__setattr__(engine._loaded, "end_tokens", frozenset())
    engine.submit(owner.job("yes", samples=4, max_new_tokens=40))
    owner.wait()
    engine.close()
    assert len(forwards) == 3  # prefill, first step, capture
    assert not engine._batch._steps._steps


@pytest.mark.gpu
def test_a_model_that_looks_at_its_numbers_runs_without_a_graph(
    make_engine: Callable[..., LocalEngine], collector: type, caplog: pytest.LogCaptureFixture
) -> None:
    plain, engine = make_engine(device="cuda"), make_engine(device="cuda")
    engine._loaded.model.model.layers[1].register_forward_hook(lambda _, __, output: (output.sum().item(), None)[1])
    with caplog.at_level(logging.WARNING, "model_node"):
        assert crowd(engine, collector) == crowd(plain, collector)
    assert sum("cannot become a CUDA graph" in record.getMessage() for record in caplog.records) == 1
