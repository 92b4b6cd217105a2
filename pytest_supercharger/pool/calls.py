"""The gRPC calls to one node, whose errors come out as Trouble made for people."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc

from model_node.v1 import model_node_pb2 as pb
from model_node.v1 import model_node_pb2_grpc as pb_grpc
from pytest_supercharger import tracing
from pytest_supercharger.pool.state import Trouble, TroubleKind
from pytest_supercharger.refusals import comes_back, is_of_a_replica, said

__all__ = ["PROTOCOL", "Access", "Calls"]

PROTOCOL = 1  # of GetInfo; a node that says another one is refused
_RETRY_SECONDS = 0.25  # where a full queue does not say it, as that of Ray Serve
_RETRY_BOUNDS = (50, 60_000)  # milliseconds that it may say
_MAX_MESSAGE_BYTES = 16 * 1024 * 1024
_OPTIONS = (
    ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
    ("grpc.keepalive_time_ms", 60_000),  # a quiet stream over a dead link is noticed
    ("grpc.enable_http_proxy", 0),  # nodes are the user's own machines
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.use_local_subchannel_pool", 1),  # a channel that is made anew does not inherit the back-off of the old one
)
_KINDS = {
    grpc.StatusCode.NOT_FOUND: TroubleKind.DECLINED,
    grpc.StatusCode.DEADLINE_EXCEEDED: TroubleKind.LATE,
    grpc.StatusCode.UNAVAILABLE: TroubleKind.LOST,
    grpc.StatusCode.CANCELLED: TroubleKind.LOST,  # not by us: a node that is being stopped
    grpc.StatusCode.INTERNAL: TroubleKind.BROKEN,
    grpc.StatusCode.UNKNOWN: TroubleKind.BROKEN,
    grpc.StatusCode.ABORTED: TroubleKind.BROKEN,
    grpc.StatusCode.DATA_LOSS: TroubleKind.BROKEN,
    grpc.StatusCode.ALREADY_EXISTS: TroubleKind.BROKEN,  # each request has an id of its own: somebody replays
    grpc.StatusCode.FAILED_PRECONDITION: TroubleKind.OTHER_MODEL,
    grpc.StatusCode.UNAUTHENTICATED: TroubleKind.FOREIGN,
    grpc.StatusCode.PERMISSION_DENIED: TroubleKind.FOREIGN,
    grpc.StatusCode.UNIMPLEMENTED: TroubleKind.FOREIGN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What every call is made with."""

    credentials: Any = None  # of gRPC; None: no TLS
    metadata: tuple[tuple[str, str], ...] = ()


class Calls:
    """One channel to one node; for the event loop it was made on."""

    def __init__(self, address: str, access: Access, *, server_name: str = "") -> None:
        """`server_name` stands in the node's certificate where the address does not."""
        self.address = address
        self.server_name = server_name
        self._metadata = access.metadata
        options = (*_OPTIONS, ("grpc.ssl_target_name_override", server_name)) if server_name else _OPTIONS
        self._channel = (
            grpc.aio.insecure_channel(address, options=options)
            if access.credentials is None
            else grpc.aio.secure_channel(address, access.credentials, options=options)
        )
        self._stub = pb_grpc.ModelNodeStub(self._channel)

    async def close(self) -> None:
        """End every call."""
        await self._channel.close()

    async def info(self, seconds: float) -> pb.GetInfoResponse:
        """Who the node is; Trouble where it speaks another protocol."""
        info = await self._info(seconds)
        if info.protocol_version != PROTOCOL:
            ours = f"speaks protocol {info.protocol_version}, this plugin {PROTOCOL}"
            older = "the node" if info.protocol_version < PROTOCOL else "the plugin"
            raise Trouble(TroubleKind.FOREIGN, f"model node {self.address} {ours}; upgrade {older}")
        return info

    async def _info(self, seconds: float) -> pb.GetInfoResponse:
        """Asked again while the queue is full: a run must not begin without a node for that."""
        end = time.monotonic() + seconds
        while True:
            try:
                left = end - time.monotonic()
                info: pb.GetInfoResponse = await self._unary(self._stub.GetInfo, pb.GetInfoRequest(), left)
            except Trouble as trouble:
                if trouble.kind is not TroubleKind.BUSY or time.monotonic() + trouble.retry_after >= end:
                    raise
                await asyncio.sleep(trouble.retry_after)
            else:
                return info

    async def load(self, seconds: float) -> pb.GetLoadResponse:
        """How busy the node is."""
        response: pb.GetLoadResponse = await self._unary(self._stub.GetLoad, pb.GetLoadRequest(), seconds)
        return response

    async def judge(self, request: pb.JudgeRequest, seconds: float) -> pb.JudgeResponse:
        """The judgements of one request."""
        response: pb.JudgeResponse = await self._unary(self._stub.Judge, request, seconds, tracing.here().carrier)
        return response

    async def generate(self, request: pb.GenerateRequest, seconds: float) -> AsyncIterator[pb.GenerateResponse]:
        """The events of one request; whoever cancels the task that iterates cancels the call."""
        call = self._stub.Generate(request, timeout=seconds, metadata=self._metadata + tracing.here().carrier)
        try:
            async for event in call:
                yield event
        except grpc.RpcError as error:
            raise self._trouble(error) from None
        finally:
            call.cancel()

    async def _unary(self, method: Any, request: Any, seconds: float, carrier: tuple[tuple[str, str], ...] = ()) -> Any:
        try:
            return await method(request, timeout=seconds, metadata=self._metadata + carrier)
        except grpc.RpcError as error:
            raise self._trouble(error) from None

    def _trouble(self, error: Any) -> Trouble:
        code, details = error.code(), error.details() or ""
        trailers = {str(key): str(value) for key, value in error.trailing_metadata() or ()}
        hint = trailers.get("retry-after-ms")
        if code is grpc.StatusCode.RESOURCE_EXHAUSTED and (hint is not None or comes_back(details)):
            seconds = _seconds(hint or "")
            return Trouble(TroubleKind.BUSY, f"model node {self.address} is busy: {details}", seconds)
        kind = _KINDS.get(code, TroubleKind.REFUSED)
        if kind is TroubleKind.BROKEN and is_of_a_replica(details):
            kind = TroubleKind.REPLICA
        return Trouble(kind, said(self.address, code.name, details))


def _seconds(hint: str) -> float:
    """When a full queue wants to be asked again, by its own word within reason."""
    shortest, longest = _RETRY_BOUNDS
    if not hint.isdecimal():
        return _RETRY_SECONDS
    return (longest if len(hint) > len(str(longest)) else min(max(int(hint), shortest), longest)) / 1000
