"""Requests to a node, and a call that it refuses."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2

from model_node.v1 import model_node_pb2 as pb

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def chat(text: str = "Write total.", kind: str = "code") -> pb.Prompt:
    messages = [pb.ChatMessage(role=pb.ROLE_USER, text=text)]
    return pb.Prompt(chat=pb.Chat(messages=messages), kind=kind, subject="shop:total")


def request(request_id: str = "r", *, samples: int = 2, **more: Any) -> pb.GenerateRequest:
    params = more.pop("params", pb.SamplingParams(max_new_tokens=8))
    prompts = more.pop("prompts", [chat()])
    return pb.GenerateRequest(request_id=request_id, prompts=prompts, num_samples=samples, params=params, **more)


def refused(call: Any) -> Any:
    with pytest.raises(grpc.RpcError) as caught:
        list(call) if hasattr(call, "__iter__") else call()
    return caught.value
