"""What a server says when it does not answer, and which error of the node that is."""

from __future__ import annotations

import json
import time
from email.utils import parsedate_to_datetime
from typing import Any

from model_node.engine.base import EngineError, ErrorKind

__all__ = ["Refusal", "as_error", "refusal_of"]

_BUSY = frozenset({429, 502, 503, 504, 529})
_SPENT = "insufficient_quota"
_MOST_SAID = 400  # characters


class Refusal(Exception):
    """An answer with an error status, or an error in the middle of a stream."""

    def __init__(
        self, status: int, said: str, *, code: str = "", field: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(f"{status}: {said}")
        self.status = status
        self.said = said
        self.code = code
        self.field = field  # that the server does not like, where it names one
        self.retry_after = retry_after  # seconds

    @property
    def busy(self) -> bool:
        """Whether the same request may be answered later."""
        return self.status in _BUSY and self.code != _SPENT


def refusal_of(status: int, body: str, retry_after: str | None) -> Refusal:
    """Read an error answer; every server has its own form of it."""
    try:
        value = json.loads(body)
    except ValueError:
        value = body
    error = value.get("error", value) if isinstance(value, dict) else value
    if not isinstance(error, dict):
        return Refusal(status, _short(error), retry_after=_seconds(retry_after))
    said = error.get("message") or error.get("detail") or error
    field = error.get("param")
    return Refusal(
        status,
        _short(said),
        code=str(error.get("code") or error.get("type") or ""),
        field=field if isinstance(field, str) else "",
        retry_after=_seconds(retry_after),
    )


def as_error(refusal: Refusal, url: str) -> EngineError:
    """The error that a client of the node gets."""
    said = f"{url} answered {refusal.status} ({refusal.said})"
    if refusal.status == 429 and refusal.code != _SPENT:
        return EngineError(ErrorKind.EXHAUSTED, f"{said}; ask again later or with fewer samples at once")
    if refusal.busy:
        message = f"the node gets no answer: {said}; look at the log of the server"
        return EngineError(ErrorKind.UNAVAILABLE, message)
    if refusal.code == _SPENT:
        return EngineError(ErrorKind.REFUSED, f"{said}; the account's quota is spent, raise it or use another key")
    if refusal.status in {401, 403}:
        return EngineError(ErrorKind.REFUSED, f"{said}; start the node with the right SUPERCHARGER_OPENAI_KEY")
    if refusal.status == 404:
        return EngineError(ErrorKind.REFUSED, f"{said}; check --model and --base-url, which mostly ends in /v1")
    if refusal.status < 500:
        return EngineError(ErrorKind.INVALID, f"{said}; change the request")
    return EngineError(ErrorKind.FAILED, f"{said}; look at the log of the server and ask again")


def _short(said: Any) -> str:
    text = " ".join((said if isinstance(said, str) else json.dumps(said)).split())
    return text[:_MOST_SAID] or "nothing said"


def _seconds(retry_after: str | None) -> float | None:
    """Seconds of a Retry-After header, which may be a date."""
    if retry_after is None:
        return None
    try:
        return max(float(retry_after), 0.0)
    except ValueError:
        pass
    try:
        return max(parsedate_to_datetime(retry_after).timestamp() - time.time(), 0.0)
    except ValueError:
        return None
