"""One OpenAI-compatible server over HTTP: its address, the key, retries, and what its refusals mean.

The key comes from the environment only, travels in one header, and is struck out of whatever the server says.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import httpx2

from model_node.config import ConfigError, is_loopback
from model_node.engine.base import EngineError, ErrorKind
from model_node.engine.openai.refusals import Refusal, as_error, refusal_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

__all__ = ["KEY_VARIABLE", "Endpoint", "base_url_of", "read_key"]

KEY_VARIABLE = "SUPERCHARGER_OPENAI_KEY"

_log = logging.getLogger(__name__)
_ATTEMPTS = 6
_FIRST_PAUSE = 0.5  # seconds, doubled each time
_LONGEST_PAUSE = 60.0  # a server that asks for more is told to the client as busy
_MOST_BYTES = 64 * 1024 * 1024  # of one answer
_TIMEOUT = httpx2.Timeout(600.0, connect=10.0, pool=None)  # between two reads; the job's deadline bounds the whole


def read_key(environment: Mapping[str, str] = os.environ) -> str | None:
    """The server's key, None where none is set."""
    key = environment.get(KEY_VARIABLE)
    if key is not None and not (key and key.isascii() and key.isprintable() and " " not in key):
        raise ConfigError(f"{KEY_VARIABLE} is empty or not one printable ASCII word; set it to the server's key")
    return key


def base_url_of(text: str) -> str:
    """The address in one spelling; ConfigError when it is none or holds what belongs into the environment."""
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL as error:
        raise ConfigError(f"base URL {text!r} cannot be read ({error}); give --base-url http://HOST:PORT/v1") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise ConfigError(f"base URL {text!r} is no http address; give --base-url http://HOST:PORT/v1")
    if url.userinfo or url.query or url.fragment:
        raise ConfigError(
            f"base URL of {url.host} holds a password, a query or a fragment; leave them out, a key goes into"
            f" {KEY_VARIABLE}"
        )
    return str(url).rstrip("/")


class Endpoint:
    """Asks one server; lives on one event loop."""

    def __init__(
        self, base_url: str, key: str | None = None, *, pause: Callable[[float], Awaitable[object]] = asyncio.sleep
    ) -> None:
        self.url = base_url_of(base_url)
        self._spellings = {key, key.replace("/", "\\/"), json.dumps(key)[1:-1]} if key else set()
        self._pause = pause
        address = httpx2.URL(self.url)
        if key and address.scheme == "http" and not is_loopback(address.host):
            _log.warning("the key for %s travels in clear; use https where others can read along", self.url)
        self._client = httpx2.AsyncClient(
            headers={"Authorization": f"Bearer {key}"} if key else None,
            timeout=_TIMEOUT,
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=64),
            trust_env=not is_loopback(address.host),  # a server of this machine is not behind a proxy
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def get(self, path: str) -> Any:
        """The JSON at `path`; raises Refusal or EngineError."""
        async with aclosing(self._events("GET", path, None)) as events:
            return await anext(events, None)

    async def post(self, path: str, body: Mapping[str, Any]) -> AsyncGenerator[Any, None]:
        """The answer to `body`: its only JSON object, or those of a stream as they come.

        A busy server is asked again, later each time. Raises Refusal where the server says no, EngineError where it
        cannot be understood or reached; nothing is asked again once the answer has begun.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                async with aclosing(self._events("POST", path, body)) as events:
                    async for event in events:
                        yield event
                return
            except Refusal as refusal:
                if not refusal.busy:
                    raise
                pause = refusal.retry_after
                if pause is None:
                    pause = _FIRST_PAUSE * 2 ** (attempt - 1) * (1 + random.random() / 4)
                if attempt == _ATTEMPTS or pause > _LONGEST_PAUSE:
                    raise as_error(refusal, self.url) from None
                _log.info("%s answered %d; asking again in %.1f s", self.url, refusal.status, pause)
            await self._pause(pause)

    async def _events(self, method: str, path: str, body: Mapping[str, Any] | None) -> AsyncGenerator[Any, None]:
        try:
            async with self._client.stream(method, f"{self.url}/{path}", json=body) as response:
                if not response.is_success:
                    text = (await self._read(response)).decode("utf-8", "replace")
                    raise refusal_of(response.status_code, self.struck(text), response.headers.get("retry-after"))
                if response.headers.get("content-type", "").startswith("text/event-stream"):
                    async for event in self._streamed(response):
                        yield event
                else:
                    yield self._json(await self._read(response))
        except httpx2.TransportError as error:
            reason = str(error) or type(error).__name__
            message = f"the node cannot reach {self.url} ({reason}); start the server there or look at its log"
            raise EngineError(ErrorKind.UNAVAILABLE, message) from None
        except httpx2.DecodingError as error:
            raise self._not_json(str(error)) from None

    async def _streamed(self, response: httpx2.Response) -> AsyncGenerator[Any, None]:
        size = 0
        async for event in httpx2.EventSource(response):
            size += len(event.data)
            if size > _MOST_BYTES:
                raise self._not_json(f"more than {_MOST_BYTES} bytes")
            if event.data == "[DONE]":
                return
            if not event.data:
                continue
            value = self._json(event.data)
            if isinstance(value, dict) and value.get("error"):
                raise refusal_of(500, self.struck(event.data), None)
            yield value

    async def _read(self, response: httpx2.Response) -> bytes:
        content = bytearray()
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > _MOST_BYTES:
                raise self._not_json(f"more than {_MOST_BYTES} bytes")
        return bytes(content)

    def _json(self, content: bytes | str) -> Any:
        try:
            return json.loads(content)
        except ValueError as error:  # of text that is not UTF-8, too
            raise self._not_json(str(error)) from None

    def _not_json(self, reason: str) -> EngineError:
        message = f"{self.url} answered with what is no JSON ({reason}); does --base-url name an OpenAI-compatible API?"
        return EngineError(ErrorKind.FAILED, message)

    def struck(self, text: str) -> str:
        """The text without the key, as it is or as JSON may write it."""
        for spelling in self._spellings:
            text = text.replace(spelling, "***")
        return text
