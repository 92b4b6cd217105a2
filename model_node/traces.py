"""A span for each request that ends, in the trace of whoever asked; nothing of any prompt or answer is in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pytest_supercharger import tracing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from model_node.exchange import Ended
    from pytest_supercharger.telemetry import Telemetry

__all__ = ["Traces", "carried"]

_FIELDS = ("traceparent", "tracestate")  # W3C trace context


def carried(metadata: Iterable[tuple[str, str | bytes]] | None) -> dict[str, str]:
    """What a client says of the span that its request is for."""
    return {key: value for key, value in metadata or () if key in _FIELDS and isinstance(value, str)}


class Traces:
    """Sends the spans of one node."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry

    @classmethod
    def of(cls, environment: Mapping[str, str], report: Callable[[str], None]) -> Traces | None:
        """Those that the variables of OpenTelemetry ask for; `report` hears why they cannot be had."""
        telemetry = tracing.source("supercharger-node", environment, report)
        return None if telemetry is None else cls(telemetry)

    def ended(self, request: Ended) -> None:
        """Make a span of one request that is over."""
        failed = "" if request.status in ("OK", "CANCELLED") else request.status
        self._telemetry.answered(
            request.method, request.carrier, seconds=request.seconds, failed=failed, figures=_figures(request)
        )

    def close(self) -> None:
        """Send what is left, within a few seconds."""
        self._telemetry.close()


def _figures(request: Ended) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "model": request.model,
        "status": request.status,
        "kind": request.kind,
        "stub": request.subject,
        "prompts": request.prompts,
        "samples": request.samples_wanted,
        "output_tokens": request.tokens,
        "finish_reasons": [reason for reason, count in sorted(request.finished.items()) for _ in range(count)],
    }
    if request.usage is not None:  # a request that did not come to its end has none
        figures |= {
            "input_tokens": request.usage.prompt_tokens,
            "cached_tokens": request.usage.cached_prompt_tokens,
            "queue_seconds": request.usage.queue_seconds,
            "compute_seconds": request.usage.compute_seconds,
        }
    return figures
