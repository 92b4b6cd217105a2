"""The default small model through the engine: only what must hold for any answer it gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

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
