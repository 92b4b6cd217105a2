"""The engine that forwards, where the server is busy, refuses, never answers, or the job ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from nodes import PATIENCE
from openai_jobs import KEY, chat, failed
from openai_server import Answer, OpenAIServer, error, stream, whole

from model_node.engine.base import EngineError, ErrorKind, FinishReason
from model_node.engine.openai import OpenAIEngine


def test_a_busy_server_is_asked_again_when_it_says(server: OpenAIServer, run: Any, pauses: list[float]) -> None:
    server.script += [error(429, "slow down", headers={"retry-after": "7"}), error(503, "loading"), whole("at last")]
    assert run().texts() == {(0, 0): "at last"}
    assert pauses[0] == 7.0
    assert 1.0 <= pauses[1] <= 1.25


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (error(401, f"Incorrect API key provided: {KEY}"), ErrorKind.REFUSED, "right SUPERCHARGER_OPENAI_KEY"),
        (
            Answer(status=401, content=b'{"error": {"message": "Bad key: sk-very\\/secret"}}'),
            ErrorKind.REFUSED,
            r"Bad key: \*\*\*",
        ),
        (Answer(content=f'["Authorization: Bearer {KEY}"]'.encode()), ErrorKind.FAILED, r"Bearer \*\*\*"),
        (error(404, "no such model"), ErrorKind.REFUSED, "check --model and --base-url"),
        (error(400, "maximum context length is 4096 tokens"), ErrorKind.INVALID, "maximum context length"),
        (error(429, "busy", headers={"retry-after": "3600"}), ErrorKind.EXHAUSTED, "ask again later"),
        (error(429, "pay first", code="insufficient_quota"), ErrorKind.REFUSED, "quota is spent"),
        (error(503, "loading"), ErrorKind.UNAVAILABLE, "the node gets no answer"),
        (error(500, "boom"), ErrorKind.FAILED, "boom"),
        (Answer(status=500, content=b"<html>"), ErrorKind.FAILED, "<html>"),
        (Answer(content=b'{"choices": ['), ErrorKind.FAILED, "no JSON"),
        (Answer(content=b'{"choices": [{"message": {"content": 1}}]}'), ErrorKind.FAILED, "its text is 1"),
        (Answer(content=b"[]"), ErrorKind.FAILED, r"the server sent \[\]"),
        (whole(), ErrorKind.FAILED, "without any choice"),
        (
            Answer(content=b'data: {"error": {"message": "died"}}\n\n', kind="text/event-stream"),
            ErrorKind.FAILED,
            "died",
        ),
    ],
)
def test_an_error_says_what_happened_and_what_to_do(
    server: OpenAIServer, run: Any, answer: Answer, kind: ErrorKind, words: str
) -> None:
    server.default = lambda _: answer
    problem = failed(run(samples=2))
    assert problem.kind is kind
    with pytest.raises(EngineError, match=words):
        raise problem


def test_one_answer_that_was_filtered_is_an_error_of_that_sample_alone(server: OpenAIServer, run: Any) -> None:
    server.script.append(stream((0, "fine", "stop"), (1, "", "content_filter")))
    owner = run(samples=2)
    assert [sample.finish_reason for sample in owner.samples] == [FinishReason.EOS, FinishReason.ERROR]
    assert "content_filter" in owner.samples[1].error


def test_a_job_that_is_cancelled_leaves_the_server_at_once(
    server: OpenAIServer, make: Callable[..., OpenAIEngine], collector: Any
) -> None:
    server.script.append(stream((0, "first", "stop"), (1, "torso", None), hangs=True))
    engine, owner = make(), collector()
    engine.submit(owner.job(prompts=(chat(),), samples=2))
    assert server.reached.wait(PATIENCE)
    assert engine.cancel("job")
    assert failed(owner.wait()).kind is ErrorKind.CANCELLED
    assert server.left.wait(PATIENCE)
    assert not engine.cancel("job")
    assert engine.load().free_samples == 32


def test_a_server_that_never_answers_costs_no_more_than_the_deadline(server: OpenAIServer, run: Any) -> None:
    server.script.append(Answer(hangs=True))
    assert failed(run(deadline=time.monotonic() + 0.3)).kind is ErrorKind.DEADLINE
    assert server.left.wait(PATIENCE)


def test_closing_ends_what_runs(server: OpenAIServer, make: Callable[..., OpenAIEngine], collector: Any) -> None:
    server.default = lambda _: Answer(hangs=True)
    engine, owner = make(max_batch=1), collector()
    engine.submit(owner.job(prompts=(chat(), chat()), samples=2))  # one asked, three wait for a slot
    assert server.reached.wait(PATIENCE)
    assert (engine.load().running_samples, engine.load().queued_samples) == (1, 3)
    engine.close()
    assert failed(owner.wait()).kind is ErrorKind.CANCELLED
    with pytest.raises(EngineError, match="the engine is not running"):
        engine.submit(owner.job(prompts=(chat(),)))
