"""Spans of a run, for whoever watches it with OpenTelemetry; where nobody does they cost nothing.

A span says names, counts, seconds and outcomes: never text of a prompt, an answer, a test, code, or an error.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

from pytest_supercharger.errors import in_one_line

if TYPE_CHECKING:
    from pytest_supercharger.telemetry import Telemetry

__all__ = ["Figure", "Span", "here", "run", "source", "span", "under"]

Figure = str | int | float | bool | Sequence[str]

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class Span(Protocol):
    """One piece of work."""

    @property
    def carrier(self) -> tuple[tuple[str, str], ...]:
        """What tells another process where its own spans belong, as metadata of gRPC (W3C trace context)."""
        ...

    def note(self, **figures: Figure) -> None:
        """Say more of it."""
        ...

    def fail(self, reason: str) -> None:
        """It came to nothing; `reason` is one of a few words of ours, never the text of an error."""
        ...

    def child(self, name: str, *, calls: bool = False, **figures: Figure) -> AbstractContextManager[Span]:
        """A piece of this work; `calls` another process."""
        ...


class _Nothing:
    """A span that nobody looks at."""

    carrier: tuple[tuple[str, str], ...] = ()

    def note(self, **figures: Figure) -> None:
        pass

    def fail(self, reason: str) -> None:
        pass

    def child(self, name: str, *, calls: bool = False, **figures: Figure) -> AbstractContextManager[Span]:
        return contextlib.nullcontext(self)


_NOTHING = _Nothing()
_HERE: ContextVar[Span] = ContextVar("span", default=_NOTHING)


def here() -> Span:
    """The span that this thread or task works for."""
    return _HERE.get()


@contextlib.contextmanager
def under(span: Span) -> Iterator[Span]:
    """Work for this span: for threads and tasks that another one has started."""
    token = _HERE.set(span)
    try:
        yield span
    finally:
        _HERE.reset(token)


@contextlib.contextmanager
def span(name: str, *, calls: bool = False, **figures: Figure) -> Iterator[Span]:
    """A piece of the work that this thread or task does; `calls` another process."""
    with here().child(name, calls=calls, **figures) as inner, under(inner):
        yield inner


def _asked(environment: Mapping[str, str]) -> bool:
    """Whether the variables of OpenTelemetry name somewhere to send traces to."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    exporter = environment.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    return exporter != "none" and bool(exporter or any(map(environment.get, _ENDPOINTS)))


def source(
    service: str, environment: Mapping[str, str], report: Callable[[str], None], *, quiet: bool = False
) -> Telemetry | None:
    """What sends the spans of this process, where the environment asks for it; `report` hears why it cannot be had."""
    if not _asked(environment):
        return None
    try:
        from pytest_supercharger.telemetry import Telemetry  # late: few have the extra

        return Telemetry.of(service, environment, quiet=quiet)
    except ModuleNotFoundError as error:
        need = f'{error.name} is not installed; run: pip install "pytest-supercharger[traces]"'
        report(f"no traces: variables of OpenTelemetry ask for them, but {need}")
    except Exception as error:  # of a setting or an exporter: traces never change what is done
        report(f"no traces: {in_one_line(error)}")
    return None


@contextlib.contextmanager
def run(name: str, environment: Mapping[str, str], report: Callable[[str], None]) -> Iterator[Span]:
    """The span of a whole run; where there are no traces, one that nobody looks at."""
    telemetry = source("pytest-supercharger", environment, report, quiet=True)
    if telemetry is None:
        yield _NOTHING
        return
    try:
        with telemetry.root(name) as root, under(root):
            yield root
    finally:
        if problem := telemetry.close():
            report(problem)
