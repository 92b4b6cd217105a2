"""What a node refuses, and with which status."""

from __future__ import annotations

import time
from typing import Any

import grpc
import pytest
from calling import chat, refused, request
from nodes import PATIENCE, RunningNode, ScriptedEngine

from model_node.engine.base import EngineError, ErrorKind, Load, Usage
from model_node.v1 import model_node_pb2 as pb


def test_an_id_that_still_runs_is_refused_and_free_again_afterwards(stub: Any, engine: ScriptedEngine) -> None:
    first = stub.Generate(request("same"), timeout=PATIENCE)
    job = engine.next_job()
    assert refused(stub.Generate(request("same"), timeout=PATIENCE)).code() is grpc.StatusCode.ALREADY_EXISTS
    job.on_done(Usage())
    list(first)
    again = stub.Generate(request("same"), timeout=PATIENCE)
    engine.next_job().on_done(Usage())
    list(again)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (ErrorKind.INVALID, grpc.StatusCode.INVALID_ARGUMENT),
        (ErrorKind.NOT_FOUND, grpc.StatusCode.NOT_FOUND),
        (ErrorKind.CANCELLED, grpc.StatusCode.CANCELLED),
        (ErrorKind.DEADLINE, grpc.StatusCode.DEADLINE_EXCEEDED),
        (ErrorKind.EXHAUSTED, grpc.StatusCode.RESOURCE_EXHAUSTED),
        (ErrorKind.FAILED, grpc.StatusCode.INTERNAL),
    ],
)
def test_each_engine_error_has_its_status(
    stub: Any, engine: ScriptedEngine, kind: ErrorKind, code: grpc.StatusCode
) -> None:
    engine.refusals.append(EngineError(kind, "at once"))
    error = refused(stub.Generate(request("a"), timeout=PATIENCE))
    assert (error.code(), error.details()) == (code, "at once")
    call = stub.Generate(request("b"), timeout=PATIENCE)
    engine.next_job().on_done(EngineError(kind, "later"))
    error = refused(call)
    assert (error.code(), error.details()) == (code, "later")
    assert ("retry-after-ms" in dict(error.trailing_metadata())) == (kind is ErrorKind.EXHAUSTED)
    assert engine.cancelled.empty()  # it has already ended


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (request(""), "request_id is empty"),
        (request(samples=0), "num_samples is 0"),
        (request(samples=65), "asks for 65 samples, the queue holds 64"),
        (request(first_sample_index=2**32 - 1), "the last sample would have index 4294967296"),
        (request(prompts=[]), "0 prompts"),
        (request(prompts=[pb.Prompt()]), "prompt 0 is empty"),
        (request(prompts=[chat(), pb.Prompt(chat=pb.Chat())]), "prompt 1 is empty"),
        (request(prompts=[pb.Prompt(chat=pb.Chat(messages=[pb.ChatMessage(text="x")]))]), "role 0"),
        (request(params=pb.SamplingParams()), "max_new_tokens is 0"),
        (request(params=pb.SamplingParams(max_new_tokens=1, temperature=-1)), "temperature is -1"),
        (request(params=pb.SamplingParams(max_new_tokens=1, temperature=float("nan"))), "temperature is nan"),
        (request(params=pb.SamplingParams(max_new_tokens=1, top_p=0)), "top_p is 0"),
        (request(params=pb.SamplingParams(max_new_tokens=1, top_p=1.5)), "top_p is 1.5"),
        (request(params=pb.SamplingParams(max_new_tokens=1, stop=[""])), "an empty one"),
        (request(budget={"seconds": -1}), "budget is -1 seconds"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(stub: Any, bad: pb.GenerateRequest, words: str) -> None:
    error = refused(stub.Generate(bad, timeout=PATIENCE))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert words in error.details()
    assert ";" in error.details()  # the next step


def test_who_finds_the_queue_full_is_told_to_come_when_there_is_room(
    stub: Any, engine: ScriptedEngine, node: RunningNode
) -> None:
    engine.load = lambda: Load(queued_samples=64)  # type: ignore[method-assign]
    engine.refusals.append(EngineError(ErrorKind.EXHAUSTED, "full"))
    error = refused(stub.Generate(request("none has ended"), timeout=PATIENCE))
    first = dict(error.trailing_metadata())["retry-after-ms"]
    call = stub.Generate(request("runs"), timeout=PATIENCE)
    engine.next_job()
    node._server._service._pace.ended(time.monotonic() - 31.5, samples=64)  # two a second
    engine.refusals.append(EngineError(ErrorKind.EXHAUSTED, "full"))
    error = refused(stub.Generate(request("late", samples=3), timeout=PATIENCE))
    assert first == "250"
    assert int(dict(error.trailing_metadata())["retry-after-ms"]) >= 1500
    call.cancel()


def test_more_questions_than_the_queue_holds_are_refused_for_good(stub: Any) -> None:
    asked = pb.JudgeRequest(request_id="j", prompts=[chat()] * 65)
    error = refused(lambda: stub.Judge(asked, timeout=PATIENCE))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    asked = pb.ScoreRequest(request_id="s", prompt=chat(), continuations=["a"] * 65)
    error = refused(lambda: stub.Score(asked, timeout=PATIENCE))
    assert error.details() == "the request asks for 65 samples, the queue holds 64; split the request"


def test_another_model_than_expected_is_a_failed_precondition(stub: Any, engine: ScriptedEngine) -> None:
    error = refused(stub.Generate(request(expected_model_digest="sha256:other"), timeout=PATIENCE))
    assert error.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "digest-of-scripted, not sha256:other" in error.details()
    call = stub.Generate(request(expected_model_digest="digest-of-scripted"), timeout=PATIENCE)
    engine.next_job().on_done(Usage())
    list(call)
