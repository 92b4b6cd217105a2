"""The default small model through the engine: only what must hold for any answer it gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from test_exactness import distances, recorded

from model_node.engine.base import FinishReason, Message, Prompt, Usage
from model_node.engine.local import LocalEngine
from model_node.models import default_cache, resolve

pytestmark = pytest.mark.model

PROMPT = Prompt(
    messages=(Message(role="user", text="Write a Python function add(a, b) that returns the sum."),),
    assistant_prefix="```python\ndef",
)
OTHER = Prompt(messages=(Message(role="user", text="Say hello."),))


@pytest.fixture(scope="module")
def default_engine() -> Iterator[LocalEngine]:
    engine = LocalEngine(resolve("auto", default_cache(), print), model_id="default")
    engine.start()
    yield engine
    engine.close()


def test_samples_of_several_prompts_arrive_with_text_and_a_reason(default_engine: Any, collector: type) -> None:
    owner = collector()
    job = owner.job(prompts=(PROMPT, OTHER), samples=2, max_new_tokens=24, temperature=0.8, stop=("```",))
    default_engine.submit(job)
    owner.wait()
    assert isinstance(owner.result, Usage)
    assert {(sample.prompt_index, sample.sample_index) for sample in owner.samples} == {(0, 0), (0, 1), (1, 0), (1, 1)}
    for sample in owner.samples:
        assert sample.finish_reason in {FinishReason.EOS, FinishReason.STOP, FinishReason.LENGTH}
        assert 1 <= sample.num_tokens <= 24
        assert sample.sum_logprob <= 0
    assert all(sample.text.startswith(PROMPT.assistant_prefix) for sample in owner.samples if not sample.prompt_index)
    assert all(sample.text.strip() for sample in owner.samples)


def test_a_greedy_answer_is_the_same_twice(default_engine: Any, collector: type) -> None:
    texts = []
    for _ in range(2):
        owner = collector()
        default_engine.submit(owner.job(prompts=(PROMPT,), max_new_tokens=16))
        texts.append(owner.wait().texts())
    assert texts[0] == texts[1]


TEXTS = ("def add(a, b):", "# The quick brown fox jumps over the lazy dog\ndef f():")


def crowd(engine: LocalEngine, collector: type) -> tuple[dict[Any, Any], dict[tuple[int, int], str]]:
    """What the engine decodes from and its greedy texts: rows fork, differ in length, and a late one outlasts them."""
    found, first, second = recorded(engine), collector(), collector()
    turns: list[int] = []

    def on_turn() -> None:
        turns.append(1)
        if len(turns) == 3:
            engine.submit(second.job("def mul(a, b):", name="second", max_new_tokens=9))

    engine.on_turn = on_turn
    engine.submit(first.job(*TEXTS, name="first", samples=2, max_new_tokens=8))
    second.wait().texts()
    texts = first.wait().texts()
    engine.on_turn = None
    return found, texts


def test_logits_in_16_bit_are_near_a_plain_forward(default_engine: LocalEngine, collector: type) -> None:
    found, _ = crowd(default_engine, collector)
    assert max(distances(found, default_engine._loaded.model)) < 0.05


def test_logits_in_32_bit_are_those_of_a_plain_forward_and_greedy_text_that_of_generate(collector: type) -> None:
    engine = LocalEngine(resolve("auto", default_cache(), print), model_id="default", quantization="fp32")
    engine.start()
    found, texts = crowd(engine, collector)
    engine.close()
    model, tokenizer = engine._loaded.model, engine._loaded.tokenizer
    model.set_attn_implementation("sdpa")  # as transformers runs it
    assert max(distances(found, model)) < 1e-5
    for place, text in enumerate(TEXTS):
        ids = tokenizer(text, return_tensors="pt").input_ids
        with torch.inference_mode():
            out = model.generate(ids, max_new_tokens=8, do_sample=False)[0, ids.shape[1] :]
        assert texts[place, 0] == texts[place, 1] == tokenizer.decode(out, skip_special_tokens=True)
