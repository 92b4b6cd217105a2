"""OpenTelemetry, for plugin and node alike: nobody else imports it.

Its own variables say where spans go (`OTEL_EXPORTER_OTLP_ENDPOINT` and the like). The tracer is not made the global one
of the process, which belongs to the user's own code.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import entry_points
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from pytest_supercharger._version import __version__
from pytest_supercharger.errors import SettingsError

__all__ = ["Telemetry"]

_FLUSH_SECONDS = 3.0  # at the end, whatever the collector does
_PROTOCOLS = {"http/protobuf": "otlp_proto_http", "grpc": "otlp_proto_grpc"}
_STANDARD = {  # names of OpenTelemetry's own conventions
    "cached_tokens": "gen_ai.usage.cache_read.input_tokens",
    "finish_reasons": "gen_ai.response.finish_reasons",
    "input_tokens": "gen_ai.usage.input_tokens",
    "model": "gen_ai.request.model",
    "output_tokens": "gen_ai.usage.output_tokens",
}
_PROPAGATOR = TraceContextTextMapPropagator()


class Telemetry:
    """Makes spans and sends them; a failure to send is told at the end and changes nothing."""

    def __init__(
        self,
        service: str,
        exporters: Sequence[SpanExporter],
        *,
        quiet: bool = False,
        flush_seconds: float = _FLUSH_SECONDS,
    ) -> None:
        """`service` is the name that spans are filed under; where `quiet` nothing is logged before `close`."""
        self._flush_seconds = flush_seconds
        self._provider = TracerProvider(resource=Resource.create({SERVICE_NAME: service}), shutdown_on_exit=False)
        before = {*threading.enumerate()}
        for exporter in exporters:
            self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._threads = {*threading.enumerate()} - before
        self._tracer = self._provider.get_tracer("pytest_supercharger", __version__)
        self._hush = _Hush() if quiet else None

    @classmethod
    def of(cls, service: str, environment: Mapping[str, str], **settings: Any) -> Telemetry:
        """What the variables of OpenTelemetry ask for.

        Raises:
            SettingsError: an exporter that is not installed.
        """
        names = environment.get("OTEL_TRACES_EXPORTER", "") or "otlp"
        exporters = [_exporter(name.strip(), environment) for name in names.split(",")]
        return cls(_name(service, environment), exporters, **settings)

    def root(self, name: str) -> contextlib.AbstractContextManager[_Span]:
        """A span of its own trace."""
        return _spanned(self._tracer, name, Context(), SpanKind.INTERNAL, {})

    def answered(
        self, name: str, carrier: Mapping[str, str], *, seconds: float, failed: str, figures: Mapping[str, Any]
    ) -> None:
        """A request of another process that has ended just now; `carrier` says what span of its own it was for."""
        end = time.time_ns()
        span = self._tracer.start_span(
            name,
            _PROPAGATOR.extract(carrier, Context()),
            SpanKind.SERVER,
            _attributes(figures),
            start_time=end - int(seconds * 1e9),
        )
        if failed:
            span.set_status(Status(StatusCode.ERROR, failed))
        span.end(end)

    def close(self) -> str:
        """Send what is left, within a few seconds; "", or what went wrong."""
        # The SDK's own end waits for the collector as long as that likes.
        thread = threading.Thread(target=self._shut, name="traces", daemon=True)
        thread.start()
        thread.join(self._flush_seconds)
        said = self._hush.first if self._hush is not None else ""
        if thread.is_alive():
            said = said or "the collector does not answer in time"
            if self._hush is not None:
                self._hush.only = {each.ident for each in (thread, *self._threads)}
        return f"traces were not all sent: {said}" if said else ""

    def _shut(self) -> None:
        try:
            self._provider.shutdown()
        finally:
            if self._hush is not None:
                self._hush.end()


class _Span:
    """A span of the SDK as the rest of us sees it; see `tracing.Span`."""

    def __init__(self, tracer: Any, span: Any) -> None:
        self._tracer = tracer
        self._span = span

    @property
    def carrier(self) -> tuple[tuple[str, str], ...]:
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier, set_span_in_context(self._span, Context()))
        return tuple(carrier.items())

    def note(self, **figures: Any) -> None:
        self._span.set_attributes(_attributes(figures))

    def fail(self, reason: str) -> None:
        self._span.set_status(Status(StatusCode.ERROR, reason))

    def child(self, name: str, *, calls: bool = False, **figures: Any) -> contextlib.AbstractContextManager[_Span]:
        kind = SpanKind.CLIENT if calls else SpanKind.INTERNAL
        return _spanned(self._tracer, name, set_span_in_context(self._span, Context()), kind, figures)


@contextlib.contextmanager
def _spanned(tracer: Any, name: str, parent: Context, kind: SpanKind, figures: Mapping[str, Any]) -> Iterator[_Span]:
    span = _Span(tracer, tracer.start_span(name, parent, kind, _attributes(figures)))
    try:
        yield span
    except Exception as error:
        span.fail(type(error).__name__)  # its text may quote code
        raise
    except BaseException:  # Ctrl-C, or a task that is cancelled
        span.note(cancelled=True)
        raise
    finally:
        span._span.end()


class _Hush(logging.Handler):
    """Keeps what the SDK logs off the terminal while a run prints there, and the first of it."""

    def __init__(self) -> None:
        super().__init__()
        self.first = ""
        self.only: set[int | None] | None = None  # threads whose words are kept; None: whoever speaks
        self._logger = logging.getLogger("opentelemetry")
        self._propagates, self._logger.propagate = self._logger.propagate, False
        self._logger.addHandler(self)

    def handle(self, record: logging.LogRecord) -> bool:  # and not `emit`: no lock is held while others are told
        if self.only is not None and record.thread not in self.only:
            logging.getLogger().handle(record)  # of the user's own code, which is tested by now
        elif record.levelno >= logging.WARNING:
            self.first = self.first or record.getMessage()
        return True

    def end(self) -> None:
        """Be gone."""
        self._logger.removeHandler(self)
        self._logger.propagate = self._propagates


def _attributes(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {_STANDARD.get(name, f"supercharger.{name}"): value for name, value in figures.items()}


def _name(service: str, environment: Mapping[str, str]) -> str:
    """What the user calls the service, else what we do."""
    given = dict(item.partition("=")[::2] for item in environment.get("OTEL_RESOURCE_ATTRIBUTES", "").split(","))
    return environment.get("OTEL_SERVICE_NAME") or given.get(SERVICE_NAME) or service


def _exporter(name: str, environment: Mapping[str, str]) -> SpanExporter:
    protocols = map(environment.get, ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"))
    protocol = next(filter(None, protocols), "http/protobuf")
    entry = _PROTOCOLS.get(protocol, protocol) if name == "otlp" else name
    found = [*entry_points(group="opentelemetry_traces_exporter", name=entry)]
    if not found:
        wanted = f"{name} over {protocol}" if name == "otlp" else name
        raise SettingsError(f"no exporter {wanted!r} is installed; install it, or set OTEL_TRACES_EXPORTER to none")
    made: SpanExporter = found[0].load()()
    return made
