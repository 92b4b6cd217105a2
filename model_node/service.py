"""The gRPC methods: check the request, hand it to the engine, stream back what its thread produces.

Every request ends in one of three ways: the engine is done, the client is gone, or the time is up; in the last two
the engine is told to cancel, so that no work goes on for nobody.
"""

from __future__ import annotations

import asyncio
import enum
import logging
import time
import uuid
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import grpc

from model_node import convert
from model_node.engine.base import (
    Engine,
    EngineError,
    ErrorKind,
    FinishedSample,
    GenerateJob,
    JudgeJob,
    ScoreJob,
)
from model_node.engine.failures import call_back
from model_node.exchange import Ended, Exchange
from model_node.latency import Latency
from model_node.pace import Pace
from model_node.peers import client_of
from model_node.traces import carried
from model_node.v1 import model_node_pb2 as pb
from model_node.v1 import model_node_pb2_grpc as pb_grpc
from pytest_supercharger._version import __version__

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

__all__ = ["RETRY_AFTER", "ModelNodeService", "Phase"]

RETRY_AFTER = "retry-after-ms"  # trailer of RESOURCE_EXHAUSTED; a too large message has the same code without it
_MAX_DETAILS = 2000  # characters; statuses travel in headers, and those are limited to 8 KiB

_STATUS = {
    ErrorKind.INVALID: grpc.StatusCode.INVALID_ARGUMENT,
    ErrorKind.NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    ErrorKind.EXHAUSTED: grpc.StatusCode.RESOURCE_EXHAUSTED,
    ErrorKind.CANCELLED: grpc.StatusCode.CANCELLED,
    ErrorKind.DEADLINE: grpc.StatusCode.DEADLINE_EXCEEDED,
    ErrorKind.UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    ErrorKind.REFUSED: grpc.StatusCode.FAILED_PRECONDITION,
    ErrorKind.FAILED: grpc.StatusCode.INTERNAL,
}

_log = logging.getLogger("model_node")

_Request = pb.GenerateRequest | pb.JudgeRequest | pb.ScoreRequest
Job = TypeVar("Job", GenerateJob, JudgeJob, ScoreJob)


class Phase(enum.Enum):
    """Where the node is in its life; only a serving one takes work."""

    LOADING = "is loading its model; ask again when its health service says SERVING"
    SERVING = "serves"
    DRAINING = "is shutting down and takes no new work; ask another node"
    FAILED = "has lost its engine and stops; see its log, start it again or ask another node"


class _Refusal(Exception):
    """A request that the service itself refuses."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code


class ModelNodeService(pb_grpc.ModelNodeServicer):  # type: ignore[misc]  # generated code has no types
    """The methods of one node; all of them run on one event loop."""

    def __init__(
        self, engine: Engine, *, max_seconds: float = 3600.0, listeners: Sequence[Callable[[Ended], None]] = ()
    ) -> None:
        """`listeners` get every request that is over, on the event loop."""
        self.phase = Phase.LOADING
        self._listeners = listeners
        self._latency = Latency()
        self._pace = Pace()
        self._engine = engine
        self._max_seconds = max_seconds  # bounds a request that brings neither a deadline nor a budget
        self._node_id = uuid.uuid4().hex
        self._active: dict[str, Exchange] = {}
        self._idle = asyncio.Event()
        self._idle.set()

    async def idle(self) -> None:
        """Wait until no request runs."""
        await self._idle.wait()

    def abandon(self) -> None:
        """End the requests that still run: the grace is over."""
        for exchange in self._active.values():
            exchange.put(_Refusal(grpc.StatusCode.UNAVAILABLE, f"the node {Phase.DRAINING.value}"))

    async def Generate(self, request: pb.GenerateRequest, context: Any) -> None:
        """Stream each sample as it ends, then the usage."""
        # A coroutine that writes, not an async generator: a cancellation that arrives while a message is being
        # sent is raised here too, where the engine can be told.
        async with self._handle("generate", request, request.prompts, context) as exchange:
            self._check_digest(request.expected_model_digest)
            exchange.samples_wanted = convert.samples_of(request) * len(request.prompts)
            job = GenerateJob(
                request_id=request.request_id,
                prompts=convert.prompts_of(request.prompts),
                num_samples=convert.samples_of(request),
                params=convert.params_of(request.params),
                first_sample_index=request.first_sample_index,
                priority=request.priority,
                deadline=exchange.deadline,
                client=client_of(context),
                on_sample=exchange.put,
                on_done=exchange.put,
            )
            self._check_size(exchange, exchange.samples_wanted)
            await self._enter(exchange, self._engine.submit, job)
            while isinstance(event := await exchange.get(), FinishedSample):
                self._pace.ended(time.monotonic())
                await context.write(convert.sample_event(event))
            exchange.finish(event)
            await context.write(convert.usage_event(event))

    async def Judge(self, request: pb.JudgeRequest, context: Any) -> pb.JudgeResponse:
        """Answer all questions of the request at once."""
        async with self._handle("judge", request, request.prompts, context) as exchange:
            job = JudgeJob(
                request_id=request.request_id,
                prompts=convert.prompts_of(request.prompts),
                yes=tuple(request.binary.yes),
                no=tuple(request.binary.no),
                digits=convert.digits_of(request),
                deadline=exchange.deadline,
                client=client_of(context),
                on_done=exchange.put,
            )
            self._check_size(exchange, len(job.prompts))
            await self._enter(exchange, self._engine.judge, job)
            judgements, usage = await exchange.get()
            self._pace.ended(time.monotonic(), len(judgements))
            exchange.finish(usage)
            return convert.judge_response(judgements, usage)

    async def Score(self, request: pb.ScoreRequest, context: Any) -> pb.ScoreResponse:
        """Score all continuations of the request at once."""
        async with self._handle("score", request, [request.prompt], context) as exchange:
            if not request.continuations or "" in request.continuations:
                raise EngineError(ErrorKind.INVALID, "continuations are missing or empty; send at least one text")
            job = ScoreJob(
                request_id=request.request_id,
                prompt=convert.prompt_of(request.prompt),
                continuations=tuple(request.continuations),
                deadline=exchange.deadline,
                client=client_of(context),
                on_done=exchange.put,
            )
            self._check_size(exchange, len(job.continuations))
            await self._enter(exchange, self._engine.score, job)
            scores, usage = await exchange.get()
            self._pace.ended(time.monotonic(), len(scores))
            exchange.finish(usage)
            return convert.score_response(scores, usage)

    async def GetInfo(self, request: pb.GetInfoRequest, context: Any) -> pb.GetInfoResponse:
        """Tell what the node runs and its limits."""
        if self.phase is Phase.LOADING:
            await context.abort(grpc.StatusCode.UNAVAILABLE, f"the node {self.phase.value}")
        return convert.info_response(self._engine.info(), node_id=self._node_id, version=__version__)

    async def GetLoad(self, request: pb.GetLoadRequest, context: Any) -> pb.GetLoadResponse:
        """Tell how busy the node is."""
        if self.phase is Phase.LOADING:
            await context.abort(grpc.StatusCode.UNAVAILABLE, f"the node {self.phase.value}")
        return convert.load_response(self._engine.load(), draining=self.phase is not Phase.SERVING)

    async def Cancel(self, request: pb.CancelRequest, context: Any) -> pb.CancelResponse:
        """Stop a running request; its own call then ends CANCELLED."""
        exchange = self._active.get(request.request_id)
        found = exchange is not None and self._engine.cancel(request.request_id)
        if exchange is not None and not found and not exchange.started:  # the engine does not know it yet
            exchange.put(_Refusal(grpc.StatusCode.CANCELLED, f'request "{request.request_id}" was cancelled'))
            found = True
        return pb.CancelResponse(found=found)

    @asynccontextmanager
    async def _handle(
        self, method: str, request: _Request, prompts: Sequence[pb.Prompt], context: Any
    ) -> AsyncIterator[Exchange]:
        """Admit the request, turn errors into statuses, cancel what is left of it, and log one line."""
        exchange = Exchange(asyncio.get_running_loop())
        exchange.carrier = carried(context.invocation_metadata())
        status = grpc.StatusCode.OK
        try:
            self._admit(request.request_id, exchange)
            try:
                exchange.model = self._engine.info().model_id
                exchange.deadline = self._deadline(request, context)
                yield exchange
            finally:
                self._release(request.request_id, exchange)
        except (EngineError, _Refusal) as error:
            status = _STATUS[error.kind] if isinstance(error, EngineError) else error.code
            full = status is grpc.StatusCode.RESOURCE_EXHAUSTED
            trailers = ((RETRY_AFTER, str(self._retry_after(exchange.size))),) if full else ()
            await context.abort(status, str(error)[:_MAX_DETAILS], trailers)
        except asyncio.CancelledError:
            status = grpc.StatusCode.CANCELLED
            raise
        except BaseException:
            status = grpc.StatusCode.UNKNOWN
            raise
        finally:
            self._ended(exchange.end(method, prompts, status.name), taken=exchange.started)

    async def _enter(self, exchange: Exchange, work: Callable[[Job], None], job: Job) -> None:
        """Hand a job to the engine, in a thread: it may read a long prompt for seconds, and others are answered."""
        entering = asyncio.ensure_future(asyncio.to_thread(work, job))
        try:
            await exchange.outlast(entering)
        except (asyncio.CancelledError, EngineError):
            entering.add_done_callback(lambda entered: self._leave(entered, job.request_id))
            raise
        exchange.started = True

    def _leave(self, entered: asyncio.Future[None], request_id: str) -> None:
        if not entered.cancelled() and entered.exception() is None:
            self._engine.cancel(request_id)

    def _ended(self, request: Ended, *, taken: bool) -> None:
        if taken:  # a thousand refusals in no time say nothing about how long an answer takes
            self._latency.add(request.method, request.seconds)
        middle, slow = (self._latency.quantile(request.method, share) for share in (0.5, 0.95))
        _log.info("%s p50=%.2f p95=%.2f", request.line(), middle, slow)
        for listener in self._listeners:
            call_back(listener, request)  # who watches changes nothing

    def _admit(self, request_id: str, exchange: Exchange) -> None:
        if self.phase is not Phase.SERVING:
            raise _Refusal(grpc.StatusCode.UNAVAILABLE, f"the node {self.phase.value}")
        if not request_id:
            raise EngineError(ErrorKind.INVALID, "request_id is empty; send a unique one")
        if request_id in self._active:
            message = f"request {request_id} is still running; send each request with an id of its own"
            raise _Refusal(grpc.StatusCode.ALREADY_EXISTS, message)
        self._active[request_id] = exchange
        self._idle.clear()

    def _release(self, request_id: str, exchange: Exchange) -> None:
        if exchange.started and not exchange.ended:
            self._engine.cancel(request_id)
        self._active.pop(request_id, None)
        if not self._active:
            self._idle.set()
            self._pace.rested()

    def _deadline(self, request: _Request, context: Any) -> float:
        bounds = (context.time_remaining(), convert.budget_of(request), self._max_seconds)
        return time.monotonic() + min(bound for bound in bounds if bound is not None)

    def _check_digest(self, expected: str) -> None:
        actual = self._engine.info().model_digest
        if expected and expected != actual:
            message = f"the node's model has digest {actual}, not {expected}; ask a node with that model"
            raise _Refusal(grpc.StatusCode.FAILED_PRECONDITION, message)

    def _check_size(self, exchange: Exchange, samples: int) -> None:
        # Without this a request larger than the whole queue would be told to try again for ever.
        exchange.size, limit = samples, self._engine.info().max_queued_samples
        if samples > limit:
            message = f"the request asks for {samples} samples, the queue holds {limit}; split the request"
            raise EngineError(ErrorKind.INVALID, message)

    def _retry_after(self, samples: int) -> int:
        """The milliseconds until the queue has room for so many more."""
        ahead = self._engine.load().queued_samples + samples - self._engine.info().max_queued_samples
        return int(1000 * self._pace.wait(ahead, time.monotonic()))
