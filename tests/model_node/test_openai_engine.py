"""The engine that forwards, against a real HTTP server whose every answer the test has written."""

from __future__ import annotations

import logging
import math
import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from nodes import PATIENCE, RunningNode
from openai_server import Answer, OpenAIServer, error, stream, whole

from model_node.engine.base import (
    EngineError,
    ErrorKind,
    FinishReason,
    JudgeJob,
    Judgement,
    Message,
    Prompt,
    ScoreJob,
    Usage,
)
from model_node.engine.openai import OpenAIEngine, base_url_of
from model_node.v1 import model_node_pb2 as pb
from model_node.v1 import model_node_pb2_grpc as pb_grpc

KEY = "sk-very/secret"


def chat(text: str = "Write it.", prefix: str = "") -> Prompt:
    return Prompt(messages=(Message(role="user", text=text),), assistant_prefix=prefix)


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def make(server: OpenAIServer, pauses: list[float]) -> Iterator[Callable[..., OpenAIEngine]]:
    engines = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    def made(url: str = "", **settings: Any) -> OpenAIEngine:
        engine = OpenAIEngine(url or server.url, **{"model": "tiny", "key": KEY, "pause": pause, **settings})
        engines.append(engine)
        engine.start()
        return engine

    yield made
    for engine in engines:
        engine.close()


@pytest.fixture
def run(make: Callable[..., OpenAIEngine], collector: Any) -> Callable[..., Any]:
    """Runs one job to its end and returns its owner; one engine for all jobs of a test."""
    engines: list[OpenAIEngine] = []

    def run(*prompts: Prompt, **settings: Any) -> Any:
        engines or engines.append(make())
        owner = collector()
        engines[0].submit(owner.job(prompts=prompts or (chat(),), **settings))
        return owner.wait()

    return run


def failed(owner: Any) -> EngineError:
    assert isinstance(owner.result, EngineError), owner.result
    assert "secret" not in str(owner.result)
    return owner.result


def judged(engine: OpenAIEngine, **settings: Any) -> Any:
    done: queue.Queue[Any] = queue.Queue()
    prompts = settings.pop("prompts", (chat("Is it right?"),))
    engine.judge(JudgeJob(request_id="judge", prompts=prompts, on_done=done.put, **settings))
    return done.get(timeout=PATIENCE)


def test_choices_of_a_stream_are_handed_on_as_they_end(server: OpenAIServer, run: Any) -> None:
    server.script.append(
        stream((0, "a", None), (1, "ä\u2028", None), (1, "😀", "stop"), (0, "b", None), (0, "", "length"))
    )
    owner = run(samples=2, first=5, seed=3)
    assert [(sample.sample_index, sample.text) for sample in owner.samples] == [(6, "ä\u2028😀"), (5, "ab")]
    assert [sample.finish_reason for sample in owner.samples] == [FinishReason.EOS, FinishReason.LENGTH]
    assert owner.result.prompt_tokens == 10
    ((path, body),) = server.asked
    assert path == "chat/completions"
    assert (body["model"], body["n"], body["max_tokens"], body["temperature"]) == ("tiny", 2, 16, 0.0)
    assert body["messages"] == [{"role": "user", "content": "Write it."}]
    assert {"top_k", "min_p", "repetition_penalty", "stop"}.isdisjoint(body)


def test_choices_that_nobody_asked_for_are_passed_over(server: OpenAIServer, run: Any) -> None:
    server.script.append(stream((-1, "no", "stop"), (7, "no", "stop"), (0, "yes", "stop"), (1, "yes", "stop")))
    owner = run(samples=2)
    assert [(sample.sample_index, sample.text) for sample in owner.samples] == [(0, "yes"), (1, "yes")]


def test_an_answer_that_comes_whole_is_as_good(server: OpenAIServer, run: Any) -> None:
    server.script.append(whole("one", "two"))
    owner = run(samples=2)
    assert owner.texts() == {(0, 0): "one", (0, 1): "two"}
    assert [sample.num_tokens for sample in owner.samples] == [4, 4]
    assert owner.result == Usage(
        prompt_tokens=10,
        completion_tokens=8,
        queue_seconds=owner.result.queue_seconds,
        compute_seconds=owner.result.compute_seconds,
    )


def test_what_a_server_leaves_out_is_asked_for_one_by_one_with_other_seeds(server: OpenAIServer, run: Any) -> None:
    server.default = lambda body: whole(f"seed {body['seed']}")
    owner = run(samples=4)
    assert sorted(owner.texts()) == [(0, index) for index in range(4)]
    assert [body.get("n", 1) for _, body in server.asked] == [4, 1, 1, 1]
    assert len(set(owner.texts().values())) == 4
    again = run(samples=2, first=1, name="again")  # the server is known by now, and seeds go by sample
    assert [body.get("n", 1) for _, body in server.asked[4:]] == [1, 1]
    assert again.texts().items() <= owner.texts().items()


def test_fields_that_a_server_refuses_are_left_out_from_then_on(server: OpenAIServer, run: Any) -> None:
    def picky(body: dict[str, Any]) -> Answer:
        for name in ("stream_options", "top_k", "n"):
            if name in body:
                return error(400, f"Unrecognized request argument supplied: '{name}'")
        return whole("fine")

    server.default = picky
    assert len(run(samples=2, top_k=5).texts()) == 2
    asked = len(server.asked)
    assert len(run(samples=2, top_k=5, name="again").texts()) == 2
    assert len(server.asked) == asked + 2


def test_stop_strings_are_sent_and_cut_here_too(server: OpenAIServer, run: Any) -> None:
    server.script += [whole("kept\n``` and more"), whole("kept", reason="stop"), whole("kept", stop_reason=None)]
    stops = (*"uvwxy", "\n```")
    owners = [run(name=name, stop=stops) for name in "abc"]
    assert [owner.texts()[0, 0] for owner in owners] == ["kept"] * 3
    reasons = [owner.samples[0].finish_reason for owner in owners]
    assert reasons == [FinishReason.STOP, FinishReason.STOP, FinishReason.EOS]
    assert server.asked[0][1]["stop"] == list(stops[:4])


def test_a_server_that_goes_on_from_a_prefix_is_told_to(server: OpenAIServer, run: Any) -> None:
    server.script += [whole("    return 1\n"), whole("```python\ndef f():\n    return 2\n")]
    prompt = chat(prefix="```python\ndef f():\n")
    assert run(prompt).texts()[0, 0] == "```python\ndef f():\n    return 1\n"
    assert run(prompt, name="echo").texts()[0, 0] == "```python\ndef f():\n    return 2\n"
    body = server.asked[0][1]
    assert body["messages"][-1] == {"role": "assistant", "content": "```python\ndef f():\n"}
    assert (body["continue_final_message"], body["add_generation_prompt"]) == (True, False)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("```python\ndef f():\n    return 1\n```\nDone.", "    return 1"),
        ("Sure:\n```python\ndef f():\n    return 1\n```", "    return 1"),
        ("```python\nimport re\n\ndef f():\n    return 1\n```", "    return 1"),
        ("```py\n    return 1\n```", "    return 1"),
        ("    return 1", "    return 1"),
        ("", ""),
    ],
)
def test_a_server_that_does_not_go_on_is_asked_in_words_and_its_answer_begins_the_same(
    server: OpenAIServer, run: Any, answer: str, text: str
) -> None:
    said = "Expected last role User or Tool but got assistant"
    server.default = lambda body: error(400, said) if body["messages"][-1]["role"] == "assistant" else whole(answer)
    prefix = "```python\ndef f():\n"
    assert run(chat(prefix=prefix), stop=("\n```",)).texts()[0, 0] == prefix + text
    body = server.asked[-1][1]
    assert body["messages"][-1]["content"].endswith(f"go on from there:\n{prefix}")
    assert {"stop", "continue_final_message"}.isdisjoint(body)


def test_text_without_a_chat_is_completed(server: OpenAIServer, run: Any) -> None:
    choice = b'{"choices": [{"index": 0, "text": "1", "finish_reason": "stop"}]}'
    server.script.append(Answer(content=choice))
    assert run(Prompt(text="x = ")).texts() == {(0, 0): "1"}
    assert server.asked[0][0] == "completions"
    assert server.asked[0][1]["prompt"] == "x = "


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


def test_a_client_with_much_to_do_does_not_keep_others_waiting(
    server: OpenAIServer, make: Callable[..., OpenAIEngine], collector: Any
) -> None:
    all_asked = threading.Event()

    def answer(_: Any) -> Answer:
        assert all_asked.wait(PATIENCE)
        return whole("answer")

    server.default = answer
    engine, much, little = make(max_batch=1), collector(), collector()
    engine.submit(much.job(name="much", client="much", prompts=(chat("much"),) * 3))
    engine.submit(little.job(name="little", client="little", prompts=(chat("little"),)))
    all_asked.set()
    much.wait()
    little.wait()
    assert [body["messages"][0]["content"] for _, body in server.asked] == ["much", "little", "much", "much"]


def test_more_than_the_queue_holds_is_refused(make: Callable[..., OpenAIEngine], collector: Any) -> None:
    with pytest.raises(EngineError, match="ask again later") as caught:
        make(max_queued=3).submit(collector().job(prompts=(chat(),), samples=4))
    assert caught.value.kind is ErrorKind.EXHAUSTED


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


def test_the_model_is_the_one_the_server_has(server: OpenAIServer, make: Callable[..., OpenAIEngine]) -> None:
    info = make(model="auto").info()
    assert (info.model_id, info.backend, info.max_context_tokens) == ("tiny", "openai", 4096)
    assert server.keys == [f"Bearer {KEY}"]
    assert make(server.url + "/", model="tiny", max_context=99).info().model_digest == info.model_digest
    server.models = ({"id": "a"}, {"id": "b"})
    assert make(model="a").info().max_context_tokens == 8192
    assert make(model="a").info().model_digest != info.model_digest
    for model, words in (("auto", "lists the models a, b; name one"), ("c", 'has no model "c"')):
        with pytest.raises(EngineError, match=words):
            make(model=model)


def test_a_base_url_has_one_spelling() -> None:
    assert base_url_of("HTTP://Example.com/v1/") == base_url_of("http://example.com/v1")


def test_the_plugin_does_not_notice(server: OpenAIServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with RunningNode(OpenAIEngine(server.url, key=KEY)) as node, grpc.insecure_channel(node.address) as channel:
        stub = pb_grpc.ModelNodeStub(channel)
        prompt = pb.Prompt(chat=pb.Chat(messages=[pb.ChatMessage(role=pb.ROLE_USER, text="Write total.")]))
        request = pb.GenerateRequest(
            request_id="r", prompts=[prompt], num_samples=2, params=pb.SamplingParams(max_new_tokens=8)
        )
        events = list(stub.Generate(request, timeout=PATIENCE))
        assert [event.sample.text for event in events[:2]] == ["answer 0", "answer 1"]
        assert events[2].usage.completion_tokens == 8
        assert stub.GetInfo(pb.GetInfoRequest(), timeout=PATIENCE).backend == "openai"
        with pytest.raises(grpc.RpcError) as caught:
            stub.Judge(pb.JudgeRequest(request_id="j", prompts=[prompt]), timeout=PATIENCE)
        assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert KEY not in caplog.text
    assert "Write total." not in caplog.text
