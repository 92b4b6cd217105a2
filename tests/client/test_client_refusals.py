"""What stands before a node refuses in its own words: Ray Serve's full queue, and a replica of it that is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from nodes import PATIENCE, question

from model_node.v1 import model_node_pb2 as pb
from model_node.v1 import model_node_pb2_grpc as pb_grpc
from pytest_supercharger.client import NodePool
from pytest_supercharger.errors import NodeError
from pytest_supercharger.pool.calls import Access, Calls
from pytest_supercharger.pool.state import Trouble

# Word for word what benchmarks/ray shows of Ray Serve 2.60; neither comes with trailers of ours.
GONE = "The actor died unexpectedly before finishing this task.\n\tclass_name: ServeReplica:model-node:ModelNode"
WALL = "Request dropped due to backpressure (num_queued_requests=1, max_queued_requests=1)."
METADATA = "received metadata size exceeds hard limit"


class Ingress(pb_grpc.ModelNodeServicer):  # type: ignore[misc]  # generated code has no types
    """A node behind something that refuses the first calls of each kind, and every question after the load."""

    def __init__(
        self,
        text: str,
        *,
        code: Any = grpc.StatusCode.RESOURCE_EXHAUSTED,
        info: int = 0,
        generate: int = 0,
        hint: str | None = None,
    ) -> None:
        self._code, self._text, self._hint = code, text, hint
        self._left = {"info": info, "generate": generate}

    def _pass(self, name: str, context: Any) -> None:
        self._left[name] -= 1
        if self._left[name] >= 0:
            self._refuse(context)

    def _refuse(self, context: Any) -> None:
        context.set_trailing_metadata((("retry-after-ms", self._hint),) if self._hint is not None else ())
        context.abort(self._code, self._text)

    def GetInfo(self, request: pb.GetInfoRequest, context: Any) -> pb.GetInfoResponse:
        self._pass("info", context)
        return pb.GetInfoResponse(protocol_version=1, model_digest="m", max_batch_samples=4, max_context_tokens=100)

    def GetLoad(self, request: pb.GetLoadRequest, context: Any) -> pb.GetLoadResponse:
        self._refuse(context)

    def Generate(self, request: pb.GenerateRequest, context: Any) -> Iterator[pb.GenerateResponse]:
        self._pass("generate", context)
        for index in range(request.num_samples):
            sample = pb.Sample(sample_index=request.first_sample_index + index, text="x", num_tokens=1)
            sample.finish_reason = pb.FINISH_REASON_EOS
            yield pb.GenerateResponse(sample=sample)


@contextmanager
def served(ingress: Ingress) -> Iterator[str]:
    server = grpc.server(ThreadPoolExecutor(4))
    pb_grpc.add_ModelNodeServicer_to_server(ingress, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()


def test_a_full_queue_without_a_hint_is_waited_for() -> None:
    with served(Ingress(WALL, info=1, generate=2)) as address, NodePool([address]) as pool:
        found = list(pool.generate([question()], samples=2, deadline_seconds=PATIENCE))
        assert sorted(answer.sample_index for _, answer in found) == [0, 1]
        assert pool.nodes[0].errors == 0  # it is busy, not broken


def test_what_is_too_large_is_an_error_at_once() -> None:
    expected = pytest.raises(NodeError, match="answered RESOURCE_EXHAUSTED: received metadata size exceeds")
    with served(Ingress(METADATA, generate=100)) as address, NodePool([address]) as pool, expected:
        list(pool.generate([question()], samples=2, deadline_seconds=PATIENCE))


def test_a_replica_that_is_gone_is_not_held_against_those_beside_it() -> None:
    ingress = Ingress(GONE, code=grpc.StatusCode.INTERNAL, generate=3)  # of a node of its own two would be too many
    with served(ingress) as address, NodePool([address]) as pool:
        found = list(pool.generate([question()], samples=2, deadline_seconds=PATIENCE))
        assert sorted(answer.sample_index for _, answer in found) == [0, 1]
        assert pool.nodes[0].errors == 3


@pytest.mark.parametrize(
    ("hint", "seconds"),
    [("1500", 1.5), ("0", 0.05), (None, 0.25), ("soon", 0.25), ("-1", 0.25), ("999999999999", 60.0), ("9" * 400, 60.0)],
)
def test_a_full_queue_is_asked_again_when_it_says_within_reason(hint: str | None, seconds: float) -> None:
    async def refused(address: str) -> float:
        calls = Calls(address, Access())
        with pytest.raises(Trouble) as trouble:
            await calls.load(PATIENCE)
        await calls.close()
        return trouble.value.retry_after

    with served(Ingress("full", hint=hint)) as address:
        assert asyncio.run(refused(address)) == seconds


def test_a_node_that_says_when_to_come_again_is_busy_whatever_its_words_are() -> None:
    text = "http://api.test/v1 answered 429 (your request exceeds the rate limit); ask again later"
    with served(Ingress(text, info=1, hint="50")) as address, NodePool([address]) as pool:
        assert [node.last_error for node in pool.nodes] == [""]
