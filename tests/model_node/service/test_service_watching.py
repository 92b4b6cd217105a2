"""What those see who watch a node: its log, its metrics, its health, its reflection."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from calling import NOT_SERVING, SERVING, chat, refused, request
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from nodes import PATIENCE, RunningNode, ScriptedEngine, sample

from model_node.engine.base import EngineError, ErrorKind, Usage
from model_node.server import SERVICE
from model_node.v1 import model_node_pb2 as pb
from model_node.v1 import model_node_pb2_grpc as pb_grpc


def test_who_watches_the_requests_changes_none(engine: ScriptedEngine) -> None:
    def broken(request: Any) -> None:
        raise RuntimeError("of a listener")

    with RunningNode(engine) as node, grpc.insecure_channel(node.address) as channel:
        node._server._service._listeners = [broken]
        call = pb_grpc.ModelNodeStub(channel).Generate(request(), timeout=PATIENCE)
        engine.next_job().on_done(Usage())
        assert [event.WhichOneof("event") for event in call] == ["usage"]


def test_one_line_a_request_is_logged_without_a_word_of_the_prompt(
    stub: Any, engine: ScriptedEngine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "model_node")
    prompt = chat("SECRET")
    prompt.subject = "shop:total\n\x1b[31mforged"
    call = stub.Generate(request(prompts=[prompt]), timeout=PATIENCE)
    job = engine.next_job()
    job.on_sample(sample(0, "SECRET ANSWER"))
    job.on_done(Usage(completion_tokens=2))
    list(call)
    stub.GetInfo(pb.GetInfoRequest(), timeout=PATIENCE)  # the loop has been round: the line is written
    (line,) = [record.getMessage() for record in caplog.records if record.name == "model_node"]
    assert line.startswith("generate kind=code subject=shop:total??[31mforged prompts=1 samples=1/2 tokens=2 seconds=")
    assert " status=OK p50=" in line


def test_refused_requests_do_not_count_as_fast_ones(
    stub: Any, engine: ScriptedEngine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "model_node")
    engine.refusals += [EngineError(ErrorKind.EXHAUSTED, "full")] * 3
    for number in range(3):
        refused(stub.Generate(request(f"refused {number}"), timeout=PATIENCE))
    slow = request("slow")
    slow.budget.FromMilliseconds(200)
    refused(stub.Generate(slow, timeout=PATIENCE))
    stub.GetInfo(pb.GetInfoRequest(), timeout=PATIENCE)
    lines = [record.getMessage() for record in caplog.records if record.name == "model_node"]
    assert [line.partition(" p50=")[2][:4] for line in lines[:3]] == ["0.00"] * 3
    assert float(lines[3].partition(" p50=")[2][:4]) >= 0.2


def test_health_is_not_serving_while_loading_and_draining(engine: ScriptedEngine) -> None:
    node = RunningNode(engine)
    node.open()
    with grpc.insecure_channel(node.address) as channel:
        health, stub = health_pb2_grpc.HealthStub(channel), pb_grpc.ModelNodeStub(channel)
        asked = health_pb2.HealthCheckRequest(service=SERVICE)
        watch = health.Watch(asked, timeout=PATIENCE)
        assert next(watch).status == NOT_SERVING
        error = refused(lambda: stub.GetInfo(pb.GetInfoRequest(), timeout=PATIENCE))
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        assert "loading" in error.details()
        node.serve()
        assert next(watch).status == SERVING
        assert health.Check(health_pb2.HealthCheckRequest(), timeout=PATIENCE).status == SERVING
        running = stub.Generate(request("last"), timeout=PATIENCE)
        job = engine.next_job()
        end = node.drain()
        assert next(watch).status == NOT_SERVING
        error = refused(stub.Generate(request("new"), timeout=PATIENCE))
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        assert "shutting down" in error.details()
        assert stub.GetLoad(pb.GetLoadRequest(), timeout=PATIENCE).draining
        job.on_sample(sample(0))
        job.on_done(Usage())
        assert [event.WhichOneof("event") for event in running] == ["sample", "usage"]
        end.result(PATIENCE)
    node.kill()


def test_a_drain_does_not_wait_longer_than_its_grace(engine: ScriptedEngine) -> None:
    with RunningNode(engine, grace_seconds=0.1) as node, grpc.insecure_channel(node.address) as channel:
        call = pb_grpc.ModelNodeStub(channel).Generate(request("stuck"), timeout=PATIENCE)
        engine.next_job()
        node.drain().result(PATIENCE)
        assert engine.cancelled.get(timeout=PATIENCE) == "stuck"
        assert refused(call).code() in {grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE}


def test_reflection_names_the_service(channel: Any) -> None:
    assert SERVICE in ProtoReflectionDescriptorDatabase(channel).get_services()
