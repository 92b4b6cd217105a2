"""One process: a grpc.aio server, its health, and an orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from typing import TYPE_CHECKING, Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from model_node.config import ConfigError, NodeConfig
from model_node.interceptors import TokenInterceptor
from model_node.service import ModelNodeService, Phase
from model_node.v1 import model_node_pb2, model_node_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import Callable

    from model_node.engine.base import Engine, EngineError
    from model_node.metrics import Metrics
    from model_node.traces import Traces

__all__ = ["MAX_MESSAGE_BYTES", "SERVICE", "Server", "serve"]

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
SERVICE = model_node_pb2.DESCRIPTOR.services_by_name["ModelNode"].full_name

_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.so_reuseport", 0),  # else a second node would share the port in silence
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 30_000),  # clients keep quiet streams alive each minute
)
_FLUSH_SECONDS = 0.5  # for the last statuses to leave after the last request ended


class Server:
    """A node that is bound at once, serves once its engine is ready, and drains before it stops."""

    def __init__(
        self, engine: Engine, config: NodeConfig, metrics: Metrics | None = None, traces: Traces | None = None
    ) -> None:
        self._engine = engine
        self._config = config
        self._metrics = metrics
        listeners = [watching.ended for watching in (metrics, traces) if watching is not None]
        self._service = ModelNodeService(engine, listeners=listeners)
        self._health = health.aio.HealthServicer()
        self._loop = asyncio.get_running_loop()
        self.failed: asyncio.Future[EngineError] = (
            self._loop.create_future()
        )  # done when the engine has ended by itself
        self._telling: asyncio.Future[None] | None = None
        engine.on_failure = self._hear
        interceptors = [TokenInterceptor(config.token)] if config.token is not None else []
        self._server = grpc.aio.server(interceptors=interceptors, options=_OPTIONS)
        model_node_pb2_grpc.add_ModelNodeServicer_to_server(self._service, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection.enable_server_reflection(
            (SERVICE, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name, reflection.SERVICE_NAME),
            self._server,
        )

    async def open(self) -> int:
        """Bind and answer, health NOT_SERVING; return the port."""
        await self._set_health(health_pb2.HealthCheckResponse.NOT_SERVING)
        port = self._bind()
        await self._server.start()
        return port

    def _bind(self) -> int:
        config = self._config
        try:
            if config.tls is None:
                return int(self._server.add_insecure_port(config.bind))
            credentials = grpc.ssl_server_credentials(
                [(config.tls.key, config.tls.certificate)],
                root_certificates=config.tls.client_ca,
                require_client_auth=config.tls.client_ca is not None,
            )
            return int(self._server.add_secure_port(config.bind, credentials))
        except RuntimeError:
            message = f"address {config.bind} cannot be bound; is the port taken or a certificate wrong? Try --port 0"
            raise ConfigError(message) from None

    async def ready(self) -> None:
        """Take work from now on, and show the metrics where they are asked for."""
        if self._metrics is not None and self._config.metrics_port is not None:
            # Plain HTTP without a token: other machines get it only where the node itself is open to them.
            host = self._config.host if self._config.insecure else "127.0.0.1"
            self._metrics.serve(host, self._config.metrics_port)
        if self.failed.done():
            return  # it broke as soon as it had started
        self._service.phase = Phase.SERVING
        await self._set_health(health_pb2.HealthCheckResponse.SERVING)

    def _hear(self, error: EngineError) -> None:
        # On the engine's thread. A closed loop: the process is on its way out.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._fail, error)

    def _fail(self, error: EngineError) -> None:
        self._service.phase = Phase.FAILED
        self._telling = asyncio.ensure_future(self._set_health(health_pb2.HealthCheckResponse.NOT_SERVING))
        self.failed.set_result(error)

    async def close(self, *, at_once: asyncio.Event | None = None) -> None:
        """Refuse new work, give the running requests the grace, then stop; `at_once` ends the grace early."""
        if not self.failed.done():
            self._service.phase = Phase.DRAINING
        await self._health.enter_graceful_shutdown()
        # Not `stop(grace)`: an idle health watcher would hold it for the whole grace.
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._service.idle())]
        if at_once is not None:
            waits.append(asyncio.ensure_future(at_once.wait()))
        await asyncio.wait(waits, timeout=self._config.grace_seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        self._service.abandon()
        await self._server.stop(_FLUSH_SECONDS)

    async def _set_health(self, status: health_pb2.HealthCheckResponse.ServingStatus) -> None:
        for name in ("", SERVICE):
            await self._health.set(name, status)


async def serve(
    engine: Engine,
    config: NodeConfig,
    announce: Callable[[str, int], None],
    metrics: Metrics | None = None,
    traces: Traces | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; `announce` gets host and port once the engine is ready.

    Raises:
        ConfigError: the address or a certificate cannot be used.
        EngineError: the engine could not start, or has ended by itself.
    """
    asked, again = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: again.set() if asked.is_set() else asked.set())
    server = Server(engine, config, metrics, traces)
    port = await server.open()
    loading = asyncio.ensure_future(_start(engine))
    stopping = asyncio.ensure_future(asked.wait())
    try:
        await asyncio.wait((loading, stopping), return_when=asyncio.FIRST_COMPLETED)
        if loading.done():
            loading.result()
            await server.ready()
            announce(config.host, port)
            await asyncio.wait((stopping, server.failed), return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        await server.close(at_once=again)
        if loading.done() and loading.exception() is None:
            await asyncio.to_thread(engine.close)
        if traces is not None:
            await asyncio.to_thread(traces.close)
    if server.failed.done():
        raise server.failed.result()


async def _start(engine: Engine) -> None:
    # A daemon thread of its own, not the loop's executor: loading takes minutes and cannot be interrupted, and
    # neither the loop nor the interpreter may wait for it after SIGTERM.
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def finish(error: BaseException | None) -> None:
        if not done.cancelled():
            done.set_exception(error) if error is not None else done.set_result(None)

    def run() -> None:
        error: BaseException | None = None
        try:
            engine.start()
        except BaseException as problem:
            error = problem
        with contextlib.suppress(RuntimeError):  # the loop is gone: the process is on its way out
            loop.call_soon_threadsafe(finish, error)

    threading.Thread(target=run, name="load", daemon=True).start()
    await done
