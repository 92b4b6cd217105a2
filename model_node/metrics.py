"""Figures of a node for Prometheus: requests by their end, seconds, samples, tokens, and how busy the engine is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, start_http_server

from model_node.config import ConfigError
from model_node.engine.replay import KINDS

if TYPE_CHECKING:
    from model_node.engine.base import Engine
    from model_node.exchange import Ended

__all__ = ["Metrics"]

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)


class Metrics:
    """The figures of one node, in a registry of their own; nothing of any prompt or answer is in them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._registry = CollectorRegistry()
        registry = {"namespace": "supercharger_node", "registry": self._registry}
        self._requests = Counter("requests", "Requests that ended.", ("method", "kind", "status"), **registry)
        self._seconds = Histogram("request_seconds", "Wall time.", ("method",), buckets=_SECONDS, **registry)
        self._samples = Counter("samples", "Samples that were sent.", ("finish",), **registry)
        self._tokens = Counter("tokens", "Tokens of those samples.", **registry)
        self._model = Info("model", "What the node runs.", **registry)
        for name, text in (
            ("running_samples", "Samples that run."),
            ("queued_samples", "Samples that wait."),
            ("free_samples", "Samples that would start at once."),
            ("tokens_per_second", "Decoding speed of the last minute."),
        ):
            Gauge(name, text, **registry).set_function(lambda name=name: getattr(self._engine.load(), name))

    def serve(self, host: str, port: int) -> int:
        """Answer on HTTP once the engine is ready; return the port. ConfigError when the address cannot be bound."""
        info = self._engine.info()
        self._model.info({"id": info.model_id, "digest": info.model_digest, "backend": info.backend})
        try:
            server, _ = start_http_server(port, addr=host, registry=self._registry)
        except OSError as error:
            message = f"metrics address {host}:{port} cannot be bound: {error.strerror}; give another --metrics-port"
            raise ConfigError(message) from None
        return int(server.server_port)

    def ended(self, request: Ended) -> None:
        """Count one request."""
        kind = request.kind if request.kind in KINDS else "other"  # a client's word must not make labels without end
        self._requests.labels(request.method, kind, request.status).inc()
        self._seconds.labels(request.method).observe(request.seconds)
        for reason, count in request.finished.items():
            self._samples.labels(reason).inc(count)
        self._tokens.inc(request.tokens)
