"""The engine that forwards judges and scores from the probabilities of a server."""

from __future__ import annotations

import math
import queue
from collections.abc import Callable
from typing import Any

import pytest
from nodes import PATIENCE
from openai_jobs import chat, judged
from openai_server import Answer, OpenAIServer, error, whole

from model_node.engine.base import ErrorKind, Judgement, Prompt, ScoreJob
from model_node.engine.openai import OpenAIEngine


def logprobs(**tokens: float) -> dict[str, Any]:
    top = [{"token": token.replace("_", " "), "logprob": math.log(p)} for token, p in tokens.items()]
    return {"logprobs": {"content": [{"token": "x", "logprob": 0.0, "top_logprobs": top}]}}


def test_judging_reads_the_probabilities_of_the_answers(
    server: OpenAIServer, make: Callable[..., OpenAIEngine]
) -> None:
    engine = make()
    server.script.append(whole("x", **logprobs(Yes=0.5, _yes=0.1, No=0.2, Y=0.05, Maybe=0.1)))
    (judgement,), _ = judged(engine)
    assert judgement.score == pytest.approx(0.65 / 0.85)
    assert judgement.answer_mass == pytest.approx(0.85)
    assert judgement.logit_margin == pytest.approx(math.log(0.65 / 0.2))
    assert server.asked[0][1]["top_logprobs"] == 20
    server.script.append(whole("x", **logprobs(**{"1": 0.6, "3": 0.2, "x": 0.2})))
    (judgement,), _ = judged(engine, digits=(1, 3))
    assert judgement == Judgement(score=pytest.approx(0.25), answer_mass=pytest.approx(0.8))


@pytest.mark.parametrize("number", [math.nan, 1000.0])
def test_numbers_that_are_no_probabilities_are_an_error(
    server: OpenAIServer, make: Callable[..., OpenAIEngine], number: float
) -> None:
    top = [{"token": "Yes", "logprob": number}]
    server.script.append(whole("x", logprobs={"content": [{"token": "x", "logprob": 0.0, "top_logprobs": top}]}))
    problem = judged(make())
    assert (problem.kind, "no logarithm of a probability" in str(problem)) == (ErrorKind.FAILED, True)


@pytest.mark.parametrize("answer", [whole("Yes"), error(400, "logprobs is not supported by this model")])
def test_a_server_without_probabilities_cannot_judge(
    server: OpenAIServer, make: Callable[..., OpenAIEngine], answer: Answer
) -> None:
    server.default = lambda _: answer
    refused = judged(make())
    assert (refused.kind, "no log-probabilities" in str(refused)) == (ErrorKind.REFUSED, True)


def test_scoring_takes_the_tokens_of_the_continuation(server: OpenAIServer, make: Callable[..., OpenAIEngine]) -> None:
    found = b'{"text_offset": [0, 4, 6, 9], "token_logprobs": [null, -1.0, -0.5, -9.0]}'
    server.script.append(Answer(content=b'{"choices": [{"text": "x", "logprobs": ' + found + b"}]}"))
    engine, done = make(), queue.Queue[Any]()
    job = {"request_id": "score", "continuations": ("1 + 2",), "on_done": done.put}
    engine.score(ScoreJob(prompt=Prompt(text="x = "), **job))
    (score,), _ = done.get(timeout=PATIENCE)
    assert (score.sum_logprob, score.num_tokens) == (-1.5, 2)
    engine.score(ScoreJob(prompt=chat(), **job))
    assert done.get(timeout=PATIENCE).kind is ErrorKind.REFUSED
