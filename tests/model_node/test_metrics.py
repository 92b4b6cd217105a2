"""What Prometheus sees of a node."""

from __future__ import annotations

import re
import socket
import urllib.request
from pathlib import Path

import grpc
import pytest
from nodes import PATIENCE, RunningNode, ScriptedEngine
from prometheus_client.parser import text_string_to_metric_families

from model_node.config import ConfigError
from model_node.engine.replay import ReplayEngine
from model_node.latency import Latency
from model_node.metrics import Metrics
from model_node.v1 import model_node_pb2 as pb
from model_node.v1 import model_node_pb2_grpc as pb_grpc


def figures(port: int) -> dict[str, float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE) as answer:
        text = answer.read().decode()
    assert "SECRET" not in text
    found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {f"{item.name}{sorted(item.labels.values())}": item.value for item in found}


def request(name: str, kind: str) -> pb.GenerateRequest:
    prompt = pb.Prompt(text="SECRET", kind=kind, subject="shop:total")
    return pb.GenerateRequest(
        request_id=name, prompts=[prompt], num_samples=2, params=pb.SamplingParams(max_new_tokens=1)
    )


def test_every_request_is_counted_by_its_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text('{"kind": "code", "stub": "*", "text": "return 1"}\n')
    engine = ReplayEngine(file)
    metrics = Metrics(engine)
    caplog.set_level("INFO", logger="model_node")
    with RunningNode(engine, metrics=metrics) as node, grpc.insecure_channel(node.address) as channel:
        stub = pb_grpc.ModelNodeStub(channel)
        list(stub.Generate(request("a", "code"), timeout=PATIENCE))
        with pytest.raises(grpc.RpcError):
            list(stub.Generate(request("b", "SECRET"), timeout=PATIENCE))
        seen = figures(metrics.serve("127.0.0.1", 0))
    name = "supercharger_node"
    assert seen[f"{name}_requests_total['OK', 'code', 'generate']"] == 1
    assert seen[f"{name}_requests_total['NOT_FOUND', 'generate', 'other']"] == 1
    assert seen[f"{name}_request_seconds_count['generate']"] == 2
    assert (seen[f"{name}_samples_total['eos']"], seen[f"{name}_tokens_total[]"]) == (2, 4)
    assert seen[f"{name}_free_samples[]"] == 4096
    assert any(key.startswith(f"{name}_model_info") and "replay" in key for key in seen)
    assert re.search(r"status=OK p50=\d+\.\d\d p95=\d+\.\d\d$", caplog.messages[0])


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"metrics address 127.0.0.1:{port} cannot be bound"):
            Metrics(ScriptedEngine()).serve("127.0.0.1", port)


def test_quantiles_are_those_of_the_last_requests() -> None:
    latency = Latency()
    assert latency.quantile("generate", 0.5) == 0.0
    for number in range(1, 1001):
        latency.add("generate", float(number))
    assert latency.quantile("generate", 0.5) == 744 + 128
    assert latency.quantile("generate", 1.0) == 1000
    assert latency.quantile("judge", 0.95) == 0.0
