"""What stands between Ray Serve and the service, without Ray: statuses, streams, and the files under deploy/."""

from __future__ import annotations

import asyncio
import importlib
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml

from model_node.config import ConfigError
from model_node.ray_app import SERVICERS, RayNode, build
from model_node.v1 import model_node_pb2 as pb

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


class Context:
    """What Ray hands to a replica of gRPC's context."""

    def __init__(self, *metadata: tuple[str, str]) -> None:
        self.code: Any = None
        self.details = ""
        self.trailers: list[tuple[str, str]] = []
        self._metadata = metadata

    def peer(self) -> str:
        return "ipv4:127.0.0.1:1"

    def invocation_metadata(self) -> Any:
        return list(self._metadata)

    def set_code(self, code: Any) -> None:
        self.code = code

    def set_details(self, details: str) -> None:
        self.details = details

    def set_trailing_metadata(self, trailers: list[tuple[str, str]]) -> None:
        self.trailers = trailers


@pytest.fixture
def flags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.delenv("SUPERCHARGER_NODE_TOKEN", raising=False)
    file = tmp_path / "answers.jsonl"
    file.write_text('{"kind": "code", "stub": "*", "text": "return 1"}\n')
    return ["--engine", "replay", "--replay", str(file)]


def request(samples: int = 2, **more: Any) -> pb.GenerateRequest:
    params = pb.SamplingParams(max_new_tokens=4)
    prompts = [pb.Prompt(text="x", kind="code", subject="shop:total")]
    return pb.GenerateRequest(request_id="r", prompts=prompts, num_samples=samples, params=params, **more)


async def events_of(node: RayNode, context: Context, **more: Any) -> list[pb.GenerateResponse]:
    return [event async for event in node.Generate(request(**more), context)]


def test_samples_come_as_from_any_node(flags: list[str]) -> None:
    context = Context()
    events = asyncio.run(events_of(RayNode(flags), context))
    assert [event.WhichOneof("event") for event in events] == ["sample", "sample", "usage"]
    assert context.code is None


def test_what_runs_at_once_is_that_of_all_replicas(flags: list[str]) -> None:
    rows = [
        asyncio.run(RayNode(flags, replicas=lambda count=count: count).GetInfo(pb.GetInfoRequest(), Context()))
        for count in (1, 3)
    ]
    assert rows[1].max_batch_samples == 3 * rows[0].max_batch_samples > 0


def test_a_full_queue_says_when_to_come_again(flags: list[str]) -> None:
    node, context = RayNode([*flags, "--max-queued", "4"]), Context()
    node._engine._max_queued = 0  # full, whatever is asked
    node._service._check_size = lambda exchange, samples: None
    events = asyncio.run(events_of(node, context))
    assert events == [pb.GenerateResponse()]  # Ray hands on no trailers without a message, and clients pass it over
    assert (context.code, context.trailers) == (grpc.StatusCode.RESOURCE_EXHAUSTED, [("retry-after-ms", "250")])


@pytest.mark.parametrize(("token", "code"), [("right", None), ("wrong", grpc.StatusCode.UNAUTHENTICATED)])
def test_the_token_is_asked_for(
    flags: list[str], monkeypatch: pytest.MonkeyPatch, token: str, code: grpc.StatusCode | None
) -> None:
    monkeypatch.setenv("SUPERCHARGER_NODE_TOKEN", "right")
    context = Context(("authorization", f"Bearer {token}"))
    info = asyncio.run(RayNode(flags).GetInfo(pb.GetInfoRequest(), context))
    assert context.code is code
    assert (info.backend == "replay") is (code is None)


def test_a_quiet_stream_gives_signs_of_life(flags: list[str]) -> None:
    node = RayNode(flags, beat_seconds=0.001)
    node._engine.submit = lambda job: None  # takes the job and never says a word

    async def first_two() -> list[pb.GenerateResponse]:
        events = node.Generate(request(), Context())
        found = [await anext(events), await anext(events)]
        await events.aclose()
        return found

    assert asyncio.run(first_two()) == [pb.GenerateResponse()] * 2


def test_a_stream_that_is_closed_is_cancelled_in_the_engine(flags: list[str]) -> None:
    node, cancelled = RayNode(flags, beat_seconds=0.001), []
    node._engine.submit = lambda job: None
    node._engine.cancel = lambda name: cancelled.append(name) or True

    async def leave() -> None:
        events = node.Generate(request(), Context())
        await anext(events)
        await events.aclose()
        await node._service.idle()

    asyncio.run(leave())
    assert cancelled == ["r"]


def test_serve_hears_of_a_lost_engine(flags: list[str]) -> None:
    from model_node.engine.base import EngineError, ErrorKind

    node = RayNode(flags)
    node.check_health()
    node._engine.on_failure(EngineError(ErrorKind.FAILED, "the engine has ended"))
    with pytest.raises(EngineError, match="has ended"):
        node.check_health()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [({"nodes": []}, "'nodes'"), ({"node": "--model auto"}, "list of strings"), ({"node": ["--wrong"]}, "no flags")],
)
def test_wrong_args_of_a_config_file_are_told(arguments: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        build(arguments)


def configs() -> list[dict[str, Any]]:
    service = yaml.safe_load((DEPLOY / "rayservice.yaml").read_text())
    return [yaml.safe_load((DEPLOY / "serve.yaml").read_text()), yaml.safe_load(service["spec"]["serveConfigV2"])]


def test_the_files_under_deploy_name_what_there_is() -> None:
    for config in configs():
        assert tuple(config["grpc_options"]["grpc_servicer_functions"]) == SERVICERS
        for name in SERVICERS:
            module, _, function = name.rpartition(".")
            assert callable(getattr(importlib.import_module(module), function))
        (application,) = config["applications"]
        module, _, function = application["import_path"].partition(":")
        assert getattr(importlib.import_module(module), function) is build
        assert [deployment["name"] for deployment in application["deployments"]] == ["ModelNode"]


def test_both_files_under_deploy_say_the_same() -> None:
    plain, kubernetes = configs()
    assert kubernetes | {"http_options": plain["http_options"]} == plain


def test_the_compose_file_lets_only_this_machine_in() -> None:
    (service,) = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"].values()
    assert service["ports"] == ["127.0.0.1:50051:50051"]
