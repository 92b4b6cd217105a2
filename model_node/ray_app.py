"""The node as a Ray Serve deployment: the same service behind Ray's gRPC ingress.

Ray is imported where an application is made and nowhere else, so that the rest can be read and tested without it.
"""

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING, Any

import grpc
from grpc_health.v1 import health_pb2

from model_node.config import ConfigError, read_token
from model_node.engines import engine_of
from model_node.flags import parser
from model_node.interceptors import REFUSAL, allows
from model_node.service import ModelNodeService, Phase
from model_node.traces import Traces
from model_node.v1 import model_node_pb2 as pb

if TYPE_CHECKING:
    import argparse
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from model_node.engine.base import EngineError

__all__ = ["SERVICERS", "RayNode", "application", "build"]

SERVICERS = (
    "model_node.v1.model_node_pb2_grpc.add_ModelNodeServicer_to_server",
    "grpc_health.v1.health_pb2_grpc.add_HealthServicer_to_server",
)
_BEAT_SECONDS = 30.0  # Ray's ingress hangs up on clients that ping a stream which stays quiet for minutes

# A replica's engine queues samples itself and says when to come again; Serve's own queue is the wall behind it.
_OPTIONS = {
    "max_ongoing_requests": 256,
    "max_queued_requests": 1024,
    "graceful_shutdown_timeout_s": 60.0,
    "health_check_period_s": 5.0,
}


class _Aborted(Exception):
    """A call that has its status."""


class _Call:
    """What the service sees of one call, in place of gRPC's own context."""

    def __init__(self, context: Any) -> None:
        self.written: asyncio.Queue[pb.GenerateResponse | None] = asyncio.Queue()
        self._context = context

    def time_remaining(self) -> None:
        """Ray does not hand the deadline on; the budget in the request bounds the work."""
        return

    def peer(self) -> str:
        return str(self._context.peer())

    def peer_identities(self) -> None:
        """Ray's ingress speaks no TLS, so no client shows a certificate."""
        return

    def invocation_metadata(self) -> Any:
        return self._context.invocation_metadata()

    async def write(self, event: pb.GenerateResponse) -> None:
        self.written.put_nowait(event)

    async def abort(self, code: grpc.StatusCode, details: str, trailers: Sequence[tuple[str, str]] = ()) -> None:
        self._context.set_code(code)
        self._context.set_details(details)
        self._context.set_trailing_metadata(list(trailers))
        raise _Aborted


class RayNode:
    """One replica: an engine of its own and the methods of the service, one for each of the protocol's."""

    def __init__(
        self, flags: Sequence[str], *, beat_seconds: float = _BEAT_SECONDS, replicas: Callable[[], int] = lambda: 1
    ) -> None:
        """`flags` are those of supercharger-node; the model is loaded before this returns.

        `replicas` says how many there are behind the ingress.
        """
        logging.getLogger("model_node").setLevel(logging.INFO)
        options = _parsed(flags)
        self._token = read_token(options.token_file)
        self._failure: EngineError | None = None
        self._beat_seconds = beat_seconds
        self._replicas = replicas
        self._engine = engine_of(options)
        self._engine.on_failure = self._failed
        self._engine.start()
        self._traces = Traces.of(os.environ, logging.getLogger("model_node").warning)
        listeners = [] if self._traces is None else [self._traces.ended]
        self._service = ModelNodeService(self._engine, listeners=listeners)
        self._service.phase = Phase.SERVING

    async def Generate(self, request: pb.GenerateRequest, grpc_context: Any) -> AsyncIterator[pb.GenerateResponse]:
        """Stream what the service writes, and an empty event where it has been quiet for long."""
        call = _Call(grpc_context)
        task = asyncio.ensure_future(self._answer("Generate", request, call))
        task.add_done_callback(lambda _: call.written.put_nowait(None))
        try:
            while (event := await self._next(call)) is not None:
                yield event
            if task.result() is False:
                yield pb.GenerateResponse()  # statuses and trailers travel with a message, not with an exception
        finally:
            task.cancel()

    async def Judge(self, request: pb.JudgeRequest, grpc_context: Any) -> pb.JudgeResponse:
        """Answer all questions of the request at once."""
        return await self._answer("Judge", request, _Call(grpc_context)) or pb.JudgeResponse()

    async def Score(self, request: pb.ScoreRequest, grpc_context: Any) -> pb.ScoreResponse:
        """Score all continuations of the request at once."""
        return await self._answer("Score", request, _Call(grpc_context)) or pb.ScoreResponse()

    async def GetInfo(self, request: pb.GetInfoRequest, grpc_context: Any) -> pb.GetInfoResponse:
        """Tell what the replica runs and its limits; what runs at once is that of all replicas."""
        info: pb.GetInfoResponse = await self._answer("GetInfo", request, _Call(grpc_context)) or pb.GetInfoResponse()
        info.max_batch_samples *= self._replicas()  # else a client would keep only one of them busy
        return info

    async def GetLoad(self, request: pb.GetLoadRequest, grpc_context: Any) -> pb.GetLoadResponse:
        """Tell how busy the replica is that happens to be asked."""
        return await self._answer("GetLoad", request, _Call(grpc_context)) or pb.GetLoadResponse()

    async def Cancel(self, request: pb.CancelRequest, grpc_context: Any) -> pb.CancelResponse:
        """Stop a request if it runs on the replica that happens to be asked."""
        return await self._answer("Cancel", request, _Call(grpc_context)) or pb.CancelResponse()

    async def Check(self, request: health_pb2.HealthCheckRequest) -> health_pb2.HealthCheckResponse:
        """Say SERVING to everybody: a replica that does not serve is asked nothing."""
        return health_pb2.HealthCheckResponse(status=health_pb2.HealthCheckResponse.SERVING)

    def check_health(self) -> None:
        """Tell Serve to replace this replica where its engine has ended."""
        if self._failure is not None:
            raise self._failure

    def __del__(self) -> None:
        """End the engine; Serve calls this once, when the replica's last request has ended."""
        if hasattr(self, "_service"):
            self._service.phase = Phase.DRAINING
            self._engine.close()
            if self._traces is not None:
                self._traces.close()

    async def _answer(self, method: str, request: Any, call: _Call) -> Any:
        """What the service returns; False where the call was aborted."""
        try:
            if self._token is not None and not allows(self._token, call.invocation_metadata()):
                await call.abort(grpc.StatusCode.UNAUTHENTICATED, REFUSAL)
            return await getattr(self._service, method)(request, call)
        except _Aborted:
            return False

    async def _next(self, call: _Call) -> pb.GenerateResponse | None:
        try:
            return await asyncio.wait_for(call.written.get(), self._beat_seconds)
        except asyncio.TimeoutError:
            return pb.GenerateResponse()

    def _failed(self, error: EngineError) -> None:
        self._failure = error


def build(arguments: Mapping[str, Any]) -> Any:
    """Make the application of a Serve config file; `node` among its args lists the flags of supercharger-node."""
    unknown = sorted(set(arguments) - {"node"})
    if unknown:
        raise ConfigError(f"args has {unknown[0]!r}; it takes `node`, a list of flags; the rest goes to `deployments`")
    flags = arguments.get("node", [])
    if not isinstance(flags, list) or not all(isinstance(flag, str) for flag in flags):
        raise ConfigError(f"`node` in args is {flags!r:.60}; write a list of strings")
    return application(flags)


def application(flags: Sequence[str], **options: Any) -> Any:
    """Make the deployment; `options` are those of a Serve deployment and win over ours."""
    _parsed(flags)
    from ray import serve

    node = serve.deployment(name="ModelNode", **(_OPTIONS | options))(RayNode)
    return node.bind(list(flags), replicas=_replicas)


def _replicas() -> int:
    from ray import serve

    return int(serve.get_replica_context().world_size or 1)


def _parsed(flags: Sequence[str]) -> argparse.Namespace:
    try:
        return parser().parse_args(list(flags))
    except SystemExit:  # the parser has said on stderr what is wrong
        raise ConfigError(f"{' '.join(flags)} are no flags of supercharger-node; the log says why") from None
