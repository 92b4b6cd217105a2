"""The line between the halves of a split run: messages out and in, those of one turn of an event loop together."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from typing import Any

from .split_writer import TooLarge

__all__ = ["Broken", "Gone", "Line"]

Message = dict[str, Any]
_LONGEST = 4 << 20  # characters of one message
_LONG = 1 << 16  # one that is not kept back to go out with others


class Gone(BaseException):
    """The other process has ended; no `except Exception` of a test may hide it."""


class Broken(BaseException):
    """The other process says what no honest one does."""


class Line:
    """`send` and `receive` move texts; `receive` waits if told to and returns None at the end."""

    def __init__(self, send: Callable[[str], None], receive: Callable[[bool], list[str] | None]) -> None:
        self._send_text, self._receive = send, receive
        self.waiting: deque[Message] = deque()  # that have come and are not looked at yet
        self.heard = 0  # characters so far
        self._outbox: list[str] = []
        self.before_send: Callable[[], Message] = dict  # more to say with each message
        self.on_message: Callable[[Message], None] = lambda message: None

    def send(self, message: Message, loop: asyncio.AbstractEventLoop | None) -> None:
        """Say something; from within a running loop at the end of its turn."""
        text = json.dumps({**message, **self.before_send()}, allow_nan=False, separators=(",", ":"))
        if len(text) > _LONGEST:
            raise TooLarge(f"a message of {len(text)} characters")
        self._outbox.append(text)
        if loop is not None and loop.is_running() and len(text) < _LONG:
            # What is said in one turn of the loop is heard in one: tasks over there keep the order of those here.
            loop.call_soon(self.flush)
        else:
            self.flush()

    def flush(self) -> None:
        """Send what was kept back."""
        if self._outbox:
            texts, self._outbox = self._outbox, []
            self._send_text(f"[{','.join(texts)}]")

    def next(self) -> Message:
        """The next message, once there is one; Gone when none will come."""
        self.flush()
        while not self.waiting:
            self.take(wait=True)
        return self.waiting.popleft()

    def take(self, *, wait: bool) -> None:
        """Let in what has come."""
        texts = self._receive(wait)
        if texts is None:
            raise Gone("the other process has ended")
        self.heard += sum(map(len, texts))
        for message in [message for text in texts for message in _parsed(text)]:
            self.on_message(message)
            self.waiting.append(message)


def _parsed(text: str) -> list[Message]:
    try:
        messages = json.loads(text)
        for message in messages:
            serials = [message[key] for key in ("ask", "answer", "stop") if key in message]
            if len(serials) != 1 or type(serials[0]) is not int or serials[0] < 0:
                raise ValueError("no number, or more than one")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Broken(f"a message that is not one: {error}"[:300]) from None
    return list(messages)
