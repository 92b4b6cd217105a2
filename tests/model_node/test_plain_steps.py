"""A step of a plain model gives the logits of an ordinary forward pass, whatever rows share it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

from model_node.engine.base import EngineError, ErrorKind
from model_node.engine.int8_cpu import Int8Linear, has_int8_cores
from model_node.engine.plain import PlainSteps

PROMPTS = ("def add(a, b):", "the quick brown fox jumps over the lazy dog again", "yes")


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Path:
    folder = tmp_path_factory.mktemp("llama")
    tokenizer = AutoTokenizer.from_pretrained(tiny_folder)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(3)
    sizes = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "head_dim": 8}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 512}
    LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), initializer_range=0.3, **sizes, **heads)).save_pretrained(
        folder
    )
    return folder


def stepped(engine: Any, collector: type) -> list[tuple[tuple[int, ...], torch.Tensor]]:
    """The tokens of each row and the logits that followed them, at every step of a batch of uneven rows."""
    object.__setattr__(engine._loaded, "end_tokens", frozenset())
    seen: list[tuple[tuple[int, ...], torch.Tensor]] = []
    forward = engine._batch._forward

    def record() -> torch.Tensor:
        rows = [(*row.group.tokens, *row.tokens) for row in engine._batch.rows]
        logits: torch.Tensor = forward()
        seen.extend(zip(rows, logits.clone(), strict=True))
        return logits

    engine._batch._forward = record
    owner = collector()
    engine.submit(owner.job(*PROMPTS, samples=2, max_new_tokens=9, temperature=1.0))
    owner.wait()
    return seen


@pytest.mark.parametrize("kind", ["tiny_folder", "llama"])
def test_each_step_has_the_logits_of_an_ordinary_forward_pass(
    make_engine: Any, collector: type, request: pytest.FixtureRequest, kind: str
) -> None:
    folder = request.getfixturevalue(kind)
    engine = make_engine(folder, device="cpu")
    assert isinstance(engine._batch._steps, PlainSteps)
    seen = stepped(engine, collector)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    assert len(seen) == 6 * 8
    with torch.inference_mode():
        for tokens, logits in seen:
            wanted = model(torch.tensor([tokens])).logits[0, -1]
            assert (logits - wanted).abs().max() < 1e-5 * wanted.abs().max()


def test_8_bit_weights_change_the_logits_little_or_are_refused(
    make_engine: Any, collector: type, tiny_folder: Path
) -> None:
    if not has_int8_cores():
        with pytest.raises(EngineError) as caught:
            make_engine(quantization="int8-cpu", device="cpu")
        assert caught.value.kind is ErrorKind.FAILED
        return
    engine = make_engine(quantization="int8-cpu", device="cpu")
    assert isinstance(engine._loaded.model.lm_head, Int8Linear)
    model = AutoModelForCausalLM.from_pretrained(tiny_folder, dtype=torch.float32)
    divergences = []
    with torch.inference_mode():
        for tokens, logits in stepped(engine, collector):
            wanted = model(torch.tensor([tokens])).logits[0, -1].log_softmax(-1)
            divergences.append(float((wanted.exp() * (wanted - logits.log_softmax(-1))).sum()))
    assert sum(divergences) / len(divergences) < 0.02, divergences


@pytest.mark.parametrize("features", [64, 40000])
def test_an_8_bit_layer_is_near_the_layer_it_was_made_from_and_rows_do_not_mix(features: int) -> None:
    torch.manual_seed(0)
    layer = torch.nn.Linear(96, features)
    with torch.no_grad():  # nothing is lost by rounding these weights: what differs comes from the inputs
        layer.weight.copy_(torch.randint(-127, 128, (features, 96)).index_fill(1, torch.tensor([5]), 127) / 127)
    inputs = torch.randn(5, 96) * torch.tensor([1.0, 100.0, 0.0, 1.0, 1e-3])[:, None]
    inputs[3, 7] = 1000.0  # an outlier must not round its neighbours away
    with torch.inference_mode():
        rounded, wanted = Int8Linear(layer)(inputs), layer(inputs)
        error = (rounded - wanted).norm(dim=1) / wanted.norm(dim=1)
        alone = torch.cat([Int8Linear(layer)(row[None]) for row in inputs[:2]])
    assert error.max() < 1e-4
    torch.testing.assert_close(alone, rounded[:2], atol=0, rtol=1e-6)
