"""How many samples the server is asked for at once; who waits gets in by priority, then in order of arrival."""

from __future__ import annotations

import asyncio
import bisect
import itertools
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["Slots"]


class Slots:
    """`size` slots on one event loop."""

    def __init__(self, size: int) -> None:
        self.used = 0
        self._size = size
        self._waiting: list[tuple[int, int, int, asyncio.Future[None]]] = []
        self._arrivals = itertools.count()

    @asynccontextmanager
    async def take(self, count: int, priority: int = 0) -> AsyncIterator[None]:
        """Hold `count` slots, at most all there are."""
        count = min(count, self._size)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        bisect.insort(self._waiting, (-priority, next(self._arrivals), count, turn))
        self._admit()
        try:
            await turn
            yield
        finally:
            if turn.done() and not turn.cancelled():
                self.used -= count
            self._admit()

    def _admit(self) -> None:
        self._waiting = [entry for entry in self._waiting if not entry[3].done()]
        while self._waiting and self.used + self._waiting[0][2] <= self._size:
            _, _, count, turn = self._waiting.pop(0)
            self.used += count
            turn.set_result(None)
