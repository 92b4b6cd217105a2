"""Who may ask a node: tokens, and certificates of both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from nodes import PATIENCE, RunningNode, ScriptedEngine

from model_node.config import Tls
from model_node.engine.base import Usage
from model_node.peers import client_at
from model_node.v1 import model_node_pb2 as pb
from model_node.v1 import model_node_pb2_grpc as pb_grpc

CASES = Path(__file__).parent / "cases"
REQUEST = pb.GenerateRequest(
    request_id="r", prompts=[pb.Prompt(text="x")], num_samples=1, params=pb.SamplingParams(max_new_tokens=8)
)
JUDGE = pb.JudgeRequest(request_id="j", prompts=[pb.Prompt(text="x")])
SCORE = pb.ScoreRequest(request_id="s", prompt=pb.Prompt(text="x"), continuations=["y"])
# Every method of the service.
CALLS: dict[str, Callable[..., Any]] = {
    "Generate": lambda stub, **more: list(stub.Generate(REQUEST, timeout=PATIENCE, **more)),
    "Judge": lambda stub, **more: stub.Judge(JUDGE, timeout=PATIENCE, **more),
    "Score": lambda stub, **more: stub.Score(SCORE, timeout=PATIENCE, **more),
    "GetInfo": lambda stub, **more: stub.GetInfo(pb.GetInfoRequest(), timeout=PATIENCE, **more),
    "GetLoad": lambda stub, **more: stub.GetLoad(pb.GetLoadRequest(), timeout=PATIENCE, **more),
    "Cancel": lambda stub, **more: stub.Cancel(pb.CancelRequest(request_id="r"), timeout=PATIENCE, **more),
}


def read(name: str) -> bytes:
    return (CASES / name).read_bytes()


def credentials(ca: str, client: str | None = None) -> Any:
    pair = (None, None) if client is None else (read(f"{client}.key"), read(f"{client}.pem"))
    return grpc.ssl_channel_credentials(read(ca), *pair)


def refused(call: Callable[[], Any]) -> Any:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value


@pytest.fixture(scope="module")
def guarded() -> Iterator[RunningNode]:
    """A node with a token."""
    with RunningNode(ScriptedEngine(), token="secret") as node:
        yield node


@pytest.fixture(scope="module")
def mutual() -> Iterator[RunningNode]:
    """A node that asks for certificates."""
    tls = Tls(certificate=read("node.pem"), key=read("node.key"), client_ca=read("ca.pem"))
    with RunningNode(ScriptedEngine(), tls=tls) as node:
        yield node


def test_every_method_is_tried() -> None:
    assert set(CALLS) == {method.name for method in pb.DESCRIPTOR.services_by_name["ModelNode"].methods}


@pytest.mark.parametrize(
    "metadata", [(), (("authorization", "Bearer wrong"),), (("authorization", "secret"),), (("authorization", ""),)]
)
def test_without_the_token_nothing_is_answered_but_health(guarded: RunningNode, metadata: Any) -> None:
    with grpc.insecure_channel(guarded.address) as channel:
        for call in CALLS.values():
            error = refused(lambda call=call: call(pb_grpc.ModelNodeStub(channel), metadata=metadata))  # type: ignore[misc]
            assert error.code() is grpc.StatusCode.UNAUTHENTICATED
            assert error.details() == "the bearer token is missing or wrong; send the one the node was started with"
        health = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=PATIENCE)
        assert health.status == health_pb2.HealthCheckResponse.SERVING


def test_with_the_token_everything_is_answered(guarded: RunningNode) -> None:
    with grpc.insecure_channel(guarded.address) as channel:
        info = CALLS["GetInfo"](pb_grpc.ModelNodeStub(channel), metadata=(("authorization", "Bearer secret"),))
        assert info.model_id == "scripted"


def test_a_client_of_the_known_authority_is_let_in_and_called_by_its_name(mutual: RunningNode) -> None:
    with grpc.secure_channel(mutual.address, credentials("ca.pem", "client")) as channel:
        call = pb_grpc.ModelNodeStub(channel).Generate(REQUEST, timeout=PATIENCE)
        job = mutual.engine.next_job()  # type: ignore[attr-defined]
        assert job.client == "127.0.0.1 localhost"  # the names in its certificate
        job.on_done(Usage())
        list(call)


@pytest.mark.parametrize(
    "identity",
    [
        lambda: credentials("ca.pem"),
        lambda: credentials("ca.pem", "other-client"),
        lambda: credentials("other-ca.pem", "client"),
    ],
    ids=["no certificate", "one of another authority", "a node of another authority"],
)
def test_a_wrong_certificate_on_either_side_ends_the_handshake(mutual: RunningNode, identity: Any) -> None:
    with grpc.secure_channel(mutual.address, identity()) as channel:
        error = refused(lambda: CALLS["GetInfo"](pb_grpc.ModelNodeStub(channel)))
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert "failed to connect" in error.details()


def test_plain_text_is_not_answered_by_a_node_with_tls(mutual: RunningNode) -> None:
    with grpc.insecure_channel(mutual.address) as channel:
        assert refused(lambda: CALLS["GetInfo"](pb_grpc.ModelNodeStub(channel))).code() is grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize(
    ("peer", "client"),
    [
        ("ipv4:192.0.2.1:50123", "192.0.2.1"),
        ("ipv6:%5B2001:db8::1%5D:50123", "2001:db8::1"),
        ("ipv4:127.0.0.1:50123", "ipv4:127.0.0.1:50123"),
        ("ipv6:%5B::1%5D:50123", "ipv6:[::1]:50123"),
        ("unix:", "unix:"),
    ],
)
def test_a_client_without_a_certificate_is_its_machine_or_here_its_connection(peer: str, client: str) -> None:
    assert client_at(peer) == client
