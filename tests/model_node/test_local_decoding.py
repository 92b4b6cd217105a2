"""What the decode loop produces: the same as the plain way, whatever shares the batch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from model_node.engine.base import FinishReason, Message, Prompt, Usage
from model_node.engine.local import LocalEngine

PROMPTS = ["def add(a, b):", "the quick brown fox jumps over the lazy dog again", "yes", "assert f(1) == 2\n" * 5]
Ask = Callable[..., dict[tuple[int, int], str]]


def generated(folder: Path, text: str, count: int) -> str:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    ids = tokenizer(text, return_tensors="pt").input_ids
    out = model.generate(ids, max_new_tokens=count, do_sample=False, eos_token_id=[0, 2])
    return str(tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True, clean_up_tokenization_spaces=False))


def end_with(engine: LocalEngine, *tokens: int) -> None:
    object.__setattr__(engine._loaded, "end_tokens", frozenset(tokens))


@pytest.mark.parametrize("text", PROMPTS)
def test_greedy_text_equals_generate(ask: Ask, tiny_folder: Path, text: str) -> None:
    assert ask(text, max_new_tokens=24) == {(0, 0): generated(tiny_folder, text, 24)}


def test_prompts_of_any_length_in_one_batch_equal_each_alone(ask: Ask, tiny_folder: Path) -> None:
    together = ask(*PROMPTS, max_new_tokens=24)
    assert together == {(place, 0): generated(tiny_folder, text, 24) for place, text in enumerate(PROMPTS)}


def test_a_job_that_joins_while_another_decodes_changes_neither(
    engine: LocalEngine, collector: type, tiny_folder: Path
) -> None:
    first, second, third = collector(), collector(), collector()
    turns = 0

    def on_turn() -> None:
        nonlocal turns
        turns += 1
        if turns == 5:
            engine.submit(second.job(PROMPTS[1], name="long", max_new_tokens=30))
        if turns == 9:
            engine.submit(third.job(PROMPTS[2], name="short", max_new_tokens=6))

    engine.on_turn = on_turn
    engine.submit(first.job(PROMPTS[0], name="first", max_new_tokens=40))
    for owner, text, count in ((first, PROMPTS[0], 40), (second, PROMPTS[1], 30), (third, PROMPTS[2], 6)):
        assert owner.wait().texts() == {(0, 0): generated(tiny_folder, text, count)}


def test_more_samples_than_rows_all_arrive(make_engine: Any, collector: type, tiny_folder: Path) -> None:
    owner = collector()
    make_engine(max_batch=3).submit(owner.job(*PROMPTS, samples=4, max_new_tokens=12))
    expected = {
        (place, sample): generated(tiny_folder, text, 12) for place, text in enumerate(PROMPTS) for sample in range(4)
    }
    assert owner.wait().texts() == expected
    assert len(owner.samples) == 16


def test_a_prompt_is_read_once_for_all_its_samples(engine: LocalEngine, collector: type) -> None:
    shapes: list[tuple[int, ...]] = []
    model = engine._loaded.model
    hook = model.model.layers[0].register_forward_hook(lambda _, args, __: shapes.append(tuple(args[0].shape[:2])))
    owner = collector()
    engine.submit(owner.job(PROMPTS[1], samples=6, max_new_tokens=5, temperature=1.0))
    owner.wait()
    hook.remove()
    length = len(engine._encoder.text(PROMPTS[1], special=True))
    assert [shape for shape in shapes if shape[1] > 1] == [(1, length)]
    assert isinstance(owner.result, Usage)
    assert (owner.result.prompt_tokens, owner.result.cached_prompt_tokens) == (length, 0)


def test_a_repeated_prompt_is_not_read_again_and_a_longer_one_only_from_the_new_part(
    engine: LocalEngine, collector: type, tiny_folder: Path
) -> None:
    base = "def add(a, b):\n    return a + b\n" * 12
    longer = base + "assert f(1) == 2"
    usages, texts = [], []
    for name, text in (("one", base), ("two", base), ("three", longer)):
        owner = collector()
        engine.submit(owner.job(text, name=name, max_new_tokens=10))
        texts.append(owner.wait().texts()[0, 0])
        usages.append(owner.result)
    assert usages[0].cached_prompt_tokens == 0
    assert usages[1].cached_prompt_tokens == usages[1].prompt_tokens
    assert 0 < usages[2].cached_prompt_tokens < usages[2].prompt_tokens
    assert texts == [generated(tiny_folder, text, 10) for text in (base, base, longer)]


def test_equal_seeds_give_equal_samples_and_other_seeds_others(ask: Ask) -> None:
    settings = {"samples": 4, "temperature": 1.0, "max_new_tokens": 20}
    first, again, other = (ask(PROMPTS[0], seed=seed, **settings) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert len(set(first.values())) > 1


def test_eight_samples_equal_four_and_four_more(ask: Ask) -> None:
    settings = {"temperature": 1.0, "seed": 5, "max_new_tokens": 20}
    whole = ask(PROMPTS[0], samples=8, **settings)
    halves = ask(PROMPTS[0], samples=4, **settings) | ask(PROMPTS[0], samples=4, first=4, **settings)
    assert whole == halves


def test_a_chat_goes_through_the_template_and_its_answer_starts_with_the_prefix(
    engine: LocalEngine, collector: type, tiny_folder: Path
) -> None:
    owner, prefix = collector(), "def f"
    chat = Prompt(messages=(Message(role="user", text="add two numbers"),), assistant_prefix=prefix)
    engine.submit(owner.job(prompts=(chat,), max_new_tokens=12))
    rendered = "<|im_start|>user\nadd two numbers<|im_end|>\n<|im_start|>assistant\n"
    assert owner.wait().texts() == {(0, 0): prefix + generated(tiny_folder, rendered + prefix, 12)}


def test_text_ends_before_a_stop_string_that_spans_tokens(ask: Ask, engine: LocalEngine, collector: type) -> None:
    free = ask(PROMPTS[0], max_new_tokens=40)[0, 0]
    tokenizer = engine._loaded.tokenizer
    ids = tokenizer.encode(free)
    stop = next(
        free[place : place + 4]
        for place in range(6, len(free) - 4)
        if len(tokenizer.encode(free[place : place + 4])) > 1 and "\ufffd" not in free[place - 1 : place + 5]
    )
    owner = collector()
    engine.submit(owner.job(PROMPTS[0], name="stopped", max_new_tokens=40, stop=("never ever", stop)))
    owner.wait()
    assert owner.samples[0].text == free[: free.index(stop)]
    assert owner.samples[0].finish_reason is FinishReason.STOP
    assert owner.samples[0].num_tokens <= len(ids) + 1


def test_a_sample_ends_with_length_at_its_own_limit_and_at_the_end_of_the_context(
    make_engine: Any, collector: type
) -> None:
    engine = make_engine(max_context=24)
    room = 24 - len(engine._encoder.text("yes", special=True))
    for count, expected in ((5, 5), (500, room)):
        owner = collector()
        end_with(engine)  # without its end tokens the model runs on
        engine.submit(owner.job("yes", name=str(count), max_new_tokens=count))
        owner.wait()
        assert owner.samples[0].finish_reason is FinishReason.LENGTH
        assert owner.samples[0].num_tokens == expected


def test_an_end_token_ends_the_sample_and_is_not_in_the_text(engine: LocalEngine, collector: type, ask: Ask) -> None:
    free = ask(PROMPTS[0], max_new_tokens=12, name="free")[0, 0]
    first = engine._encoder.text(free, special=False)[0]
    end_with(engine, first)
    owner = collector()
    engine.submit(owner.job(PROMPTS[0], max_new_tokens=12))
    owner.wait()
    assert owner.samples[0].finish_reason is FinishReason.EOS
    assert owner.samples[0].num_tokens == 1


def test_sum_logprob_is_that_of_the_unscaled_model(engine: LocalEngine, collector: type, tiny_folder: Path) -> None:
    owner = collector()
    engine.submit(owner.job(PROMPTS[0], max_new_tokens=8, temperature=2.0, top_k=5, seed=3))
    owner.wait()
    model = AutoModelForCausalLM.from_pretrained(tiny_folder, dtype=torch.float32)
    prompt = engine._encoder.text(PROMPTS[0], special=True)
    rows: list[list[int]] = []
    original = engine._batch._finish
    engine._batch._finish = lambda row, reason: (rows.append(list(row.tokens)), original(row, reason))[1]  # type: ignore[method-assign]
    again = collector()
    engine.submit(again.job(PROMPTS[0], name="again", max_new_tokens=8, temperature=2.0, top_k=5, seed=3))
    again.wait()
    with torch.no_grad():
        logits = model(torch.tensor([[*prompt, *rows[0]]])).logits[0].log_softmax(-1)
    expected = sum(logits[len(prompt) - 1 + step, token].item() for step, token in enumerate(rows[0]))
    assert again.samples[0].sum_logprob == pytest.approx(expected, abs=1e-3)
    assert again.samples[0].sum_logprob == owner.samples[0].sum_logprob


def test_a_sample_that_loops_is_cut_early_and_the_others_go_on(engine: LocalEngine, collector: type) -> None:
    end_with(engine)
    with torch.no_grad():
        engine._loaded.model.model.norm.weight.zero_()  # all tokens are equal now: greedy takes the first for ever
    watched = collector()
    engine.submit(watched.job("yes", name="greedy", max_new_tokens=400))
    other = collector()
    engine.submit(other.job("yes", name="other", max_new_tokens=400, temperature=2.0))
    (looped,), (free,) = watched.wait().samples, other.wait().samples
    assert (looped.finish_reason, looped.num_tokens < 400) == (FinishReason.LOOP, True)
    assert (free.finish_reason, free.num_tokens) == (FinishReason.LENGTH, 400)
