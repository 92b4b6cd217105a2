"""Models with linear attention beside full attention: a row's state is forked, moved and dropped with the row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from test_local_decoding import PROMPTS, generated
from tiny_models import save_tokenizer
from transformers import Qwen3_5ForCausalLM, Qwen3_5TextConfig, Qwen3NextConfig, Qwen3NextForCausalLM

from model_node.engine.base import EngineError, Prompt, ScoreJob
from model_node.engine.local import LocalEngine

KINDS = ["linear_attention", "full_attention", "linear_attention", "full_attention"]
SETTINGS: dict[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 4,
    "layer_types": KINDS,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "linear_key_head_dim": 16,
    "linear_value_head_dim": 16,
    "linear_conv_kernel_dim": 4,
    "max_position_embeddings": 512,
    "initializer_range": 0.2,
    "eos_token_id": 2,
    "bos_token_id": None,
    "pad_token_id": 0,
}
EXPERTS = {
    "num_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 32,
    "shared_expert_intermediate_size": 32,
}
MODELS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "qwen3_5": (Qwen3_5TextConfig, Qwen3_5ForCausalLM, {}),
    "qwen3_next": (Qwen3NextConfig, Qwen3NextForCausalLM, EXPERTS),
}


@pytest.fixture(scope="module", params=MODELS)
def hybrid_folder(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hybrid of four layers with random weights."""
    config, model, more = MODELS[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    size = len(save_tokenizer(folder))
    torch.manual_seed(3)
    model(config(vocab_size=size, **SETTINGS, **more)).save_pretrained(folder)
    return folder


@pytest.fixture
def engine(make_engine: Callable[..., LocalEngine], hybrid_folder: Path) -> LocalEngine:
    return make_engine(hybrid_folder, max_batch=5)


def test_rows_that_come_and_go_say_what_each_says_alone(
    engine: LocalEngine, collector: type, hybrid_folder: Path
) -> None:
    """Prompts of unequal length, more samples than rows, and a job that joins and ends within another."""
    first, second = collector(), collector()
    turns: list[int] = []

    def on_turn() -> None:
        turns.append(1)
        if len(turns) == 5:
            engine.submit(second.job(PROMPTS[2], name="second", max_new_tokens=4))

    engine.on_turn = on_turn
    engine.submit(first.job(*PROMPTS, name="first", samples=2, max_new_tokens=20))
    assert first.wait().texts() == {
        (place, sample): generated(hybrid_folder, text, 20) for place, text in enumerate(PROMPTS) for sample in (0, 1)
    }
    assert second.wait().texts() == {(0, 0): generated(hybrid_folder, PROMPTS[2], 4)}


def test_a_prompt_is_read_once_and_goes_on_only_from_a_whole_one(
    engine: LocalEngine, collector: type, hybrid_folder: Path
) -> None:
    base = "def mean(values):\n    return sum(values) / len(values)\n" * 3
    texts = (base, base + "assert mean([1]) == 1\n", base[:-20] + "pass\n")
    sizes = [len(engine._encoder.text(text, special=True)) for text in texts]
    read = []
    for number, text in enumerate(texts):
        owner = collector()
        engine.submit(owner.job(text, name=str(number), samples=3, max_new_tokens=8))
        assert set(owner.wait().texts().values()) == {generated(hybrid_folder, text, 8)}
        read.append(owner.result.prompt_tokens - owner.result.cached_prompt_tokens)
    assert read == [sizes[0], sizes[1] - sizes[0], sizes[2]]


def test_a_score_is_that_of_a_plain_forward(engine: LocalEngine, collector: type) -> None:
    owner = collector()
    prompt, texts = "def add(a, b):", (" return a + b", " yes")
    engine.score(ScoreJob(request_id="s", prompt=Prompt(text=prompt), continuations=texts, on_done=owner.done))
    scores, _ = owner.wait().result
    begin = list(engine._encoder.text(prompt, special=True))
    for text, score in zip(texts, scores, strict=True):
        more = list(engine._encoder.text(text, special=False))
        with torch.inference_mode():
            tokens = torch.tensor([begin + more], device=engine._loaded.device)
            logits = engine._loaded.model(input_ids=tokens).logits[0].log_softmax(dim=-1)
        wanted = sum(logits[len(begin) + place - 1, token].item() for place, token in enumerate(more))
        assert score.sum_logprob == pytest.approx(wanted, abs=1e-3)


def test_states_count_as_memory_of_a_row(engine: LocalEngine, collector: type) -> None:
    states = engine._loaded.state_tokens
    assert states > 0
    object.__setattr__(engine._loaded, "cache_tokens", 2 * (states + 40))
    rows: list[int] = []
    engine.on_turn = lambda: rows.append(len(engine._batch.rows))
    owner = collector()
    engine.submit(owner.job("yes", samples=6, max_new_tokens=30, temperature=1.0))
    assert len(owner.wait().samples) == 6
    assert max(rows) == 2


def test_a_model_of_linear_layers_alone_is_refused(make_engine: Callable[..., LocalEngine], tmp_path: Path) -> None:
    size = len(save_tokenizer(tmp_path))
    settings = SETTINGS | {"layer_types": ["linear_attention"] * 4}
    Qwen3_5ForCausalLM(Qwen3_5TextConfig(vocab_size=size, **settings)).save_pretrained(tmp_path)
    with pytest.raises(EngineError, match=r"layers of type linear_attention.*use a model with full"):
        make_engine(tmp_path)
