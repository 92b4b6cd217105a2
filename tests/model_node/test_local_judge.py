"""Judgements and scores against probabilities worked out by hand."""

from __future__ import annotations

import math
import threading
import time
import weakref
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from model_node.engine.base import EngineError, ErrorKind, JudgeJob, Prompt, ScoreJob
from model_node.engine.local import LocalEngine

TEXTS = ("def add(a, b):", "the quick brown fox", "yes")


class Answer:
    """Asks one question and waits for what comes."""

    def __init__(self) -> None:
        self.result: Any = None
        self._done = threading.Event()

    def done(self, result: Any) -> None:
        self.result = result
        self._done.set()

    def wait(self) -> Any:
        assert self._done.wait(120)
        return self.result


def judge(engine: LocalEngine, *texts: str, **settings: Any) -> Any:
    answer = Answer()
    prompts = tuple(Prompt(text=text) for text in texts)
    engine.judge(JudgeJob(request_id="judge", prompts=prompts, on_done=answer.done, **settings))
    return answer.wait()


def score(engine: LocalEngine, text: str, *continuations: str, **settings: Any) -> Any:
    answer = Answer()
    job = ScoreJob(
        request_id="s", prompt=Prompt(text=text), continuations=continuations, on_done=answer.done, **settings
    )
    engine.score(job)
    return answer.wait()


def logprobs(engine: LocalEngine, folder: Path, text: str, more: str = "") -> torch.Tensor:
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    ids = engine._encoder.text(text, special=True) + engine._encoder.text(more, special=False)
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0].log_softmax(-1)


def first(engine: LocalEngine, text: str) -> int:
    return engine._encoder.text(text, special=False)[0]


def test_a_judgement_is_the_share_of_yes_among_the_next_tokens(engine: LocalEngine, tiny_folder: Path) -> None:
    judgements, usage = judge(engine, *TEXTS, yes=("q", "x"), no=("z",))
    assert usage.prompt_tokens == sum(len(engine._encoder.text(text, special=True)) for text in TEXTS)
    for text, found in zip(TEXTS, judgements, strict=True):
        last = logprobs(engine, tiny_folder, text)[-1].exp()
        yes = (last[first(engine, "q")] + last[first(engine, "x")]).item()
        no = last[first(engine, "z")].item()
        assert found.score == pytest.approx(yes / (yes + no), abs=1e-4)
        assert found.answer_mass == pytest.approx(yes + no, abs=1e-4)
        assert found.logit_margin == pytest.approx(math.log(yes / no), abs=1e-3)


def test_spellings_that_begin_alike_count_once(engine: LocalEngine) -> None:
    once, _ = judge(engine, TEXTS[0], yes=("q",), no=("z",))
    twice, _ = judge(engine, TEXTS[0], yes=("q", "q1"), no=("z", "z0"))
    assert once == twice


def test_digits_give_the_expected_value(engine: LocalEngine, tiny_folder: Path) -> None:
    (found,), _ = judge(engine, TEXTS[1], digits=(1, 5))
    last = logprobs(engine, tiny_folder, TEXTS[1])[-1].exp()
    shares = [last[first(engine, str(value))].item() for value in range(1, 6)]
    mean = sum(value * share for value, share in zip(range(1, 6), shares, strict=True)) / sum(shares)
    assert found.score == pytest.approx((mean - 1) / 4, abs=1e-4)
    assert found.answer_mass == pytest.approx(sum(shares), abs=1e-4)


def test_a_score_is_the_log_probability_of_the_continuation(engine: LocalEngine, tiny_folder: Path) -> None:
    long = "the lazy dog and return a + b " * 12  # longer than one chunk of logits
    continuations = (" return a + b", "no", "", long)
    scores, usage = score(engine, TEXTS[0], *continuations)
    assert usage.prompt_tokens == len(engine._encoder.text(TEXTS[0], special=True))
    for text, found in zip(continuations, scores, strict=True):
        tokens = engine._encoder.text(text, special=False)
        table = logprobs(engine, tiny_folder, TEXTS[0], text)
        expected = sum(table[usage.prompt_tokens - 1 + place, token].item() for place, token in enumerate(tokens))
        assert found.num_tokens == len(tokens)
        assert found.sum_logprob == pytest.approx(expected, abs=1e-2)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"yes": ("q",), "no": ()}, "only one of yes and no"),
        ({"yes": ("q",), "no": ("q1",)}, "begin with the same token"),
        ({"digits": (1, 1000)}, "tokens for this model, not one"),
        ({"digits": (3, 3)}, "no range"),
    ],
)
def test_answers_that_cannot_be_told_apart_are_invalid(
    engine: LocalEngine, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(EngineError, match=message) as refused:
        judge(engine, TEXTS[0], **settings)
    assert refused.value.kind is ErrorKind.INVALID


def test_a_question_too_long_for_the_context_is_invalid(engine: LocalEngine) -> None:
    for ask in (judge, score):
        with pytest.raises(EngineError, match="the context holds 512") as refused:
            ask(engine, "yes", "no " * 600)
        assert refused.value.kind is ErrorKind.INVALID


def test_a_text_that_no_context_could_hold_is_not_read(engine: LocalEngine) -> None:
    engine._encoder._tokenizer = None  # whoever asks it would read for seconds a megabyte
    with pytest.raises(EngineError, match="a prompt has 1000000 characters, but the context holds 512 tokens"):
        engine._encoder.prompt(Prompt(text="x" * 1_000_000))


def test_one_prompt_is_kept_however_many_clients_have_something_scored(engine: LocalEngine) -> None:
    engine._store._max_tokens = 0
    read, most, answers = engine._store.prefill, [0], [Answer() for _ in range(6)]
    alive: weakref.WeakSet[Any] = weakref.WeakSet()

    def prefill(tokens: tuple[int, ...]) -> Any:
        found = read(tokens)
        alive.add(found[0])
        most[0] = max(most[0], len(alive))
        return found

    engine._store.prefill = prefill  # type: ignore[method-assign]
    held = threading.Event()
    engine.on_turn = lambda: held.wait(120) and None
    for name, answer in enumerate(answers):
        job = {"request_id": str(name), "client": str(name), "prompt": Prompt(text=f"yes {name}")}
        engine.score(ScoreJob(continuations=("a", "b"), on_done=answer.done, **job))
    held.set()
    assert [usage.prompt_tokens for _, usage in (answer.wait() for answer in answers)] == [3] * 6
    assert most[0] <= 2  # the last one, and the one that is read in its place
    assert engine._reader._scored is None


def test_a_late_question_ends_with_deadline_and_the_next_is_answered(engine: LocalEngine) -> None:
    late = judge(engine, TEXTS[0], yes=("q",), no=("z",), deadline=time.monotonic() - 1)
    assert isinstance(late, EngineError)
    assert late.kind is ErrorKind.DEADLINE
    assert judge(engine, TEXTS[0], yes=("q",), no=("z",))[0]


def test_questions_are_answered_while_samples_are_decoded(engine: LocalEngine, collector: type) -> None:
    owner, answer, running = collector(), Answer(), []
    asked = threading.Event()

    def on_turn() -> None:
        if engine._batch.rows and not asked.is_set():
            asked.set()
            job = JudgeJob(
                request_id="judge",
                prompts=(Prompt(text="yes"),),
                yes=("q",),
                no=("z",),
                on_done=lambda result: (running.append(len(engine._batch.rows)), answer.done(result)),
            )
            engine.judge(job)

    engine.on_turn = on_turn
    object.__setattr__(engine._loaded, "end_tokens", frozenset())
    engine.submit(owner.job("no", samples=2, max_new_tokens=30, temperature=1.0))
    assert len(answer.wait()[0]) == 1
    assert len(owner.wait().samples) == 2
    assert running == [2]
