"""The engine that forwards as one of many: its queue, its model, and a plugin that does not notice."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from nodes import PATIENCE, RunningNode
from openai_jobs import KEY, chat
from openai_server import Answer, OpenAIServer, whole

from model_node.engine.base import EngineError, ErrorKind
from model_node.engine.openai import OpenAIEngine, base_url_of
from model_node.v1 import model_node_pb2 as pb
from model_node.v1 import model_node_pb2_grpc as pb_grpc


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
