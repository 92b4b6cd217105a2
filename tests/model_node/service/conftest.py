"""A node of a scripted engine, and a channel to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from nodes import RunningNode, ScriptedEngine

from model_node.v1 import model_node_pb2_grpc as pb_grpc


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def node(engine: ScriptedEngine) -> Iterator[RunningNode]:
    with RunningNode(engine) as node:
        yield node


@pytest.fixture
def channel(node: RunningNode) -> Iterator[Any]:
    with grpc.insecure_channel(node.address) as channel:
        yield channel


@pytest.fixture
def stub(channel: Any) -> Any:
    return pb_grpc.ModelNodeStub(channel)
