"""How many samples the server is asked for at once; who waits gets in by priority, then fairly between clients."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["Slots"]


@dataclass(slots=True, kw_only=True, eq=False)
class _Waiting:
    """Somebody who wants slots."""

    client: str
    order: tuple[int, int]  # urgent ones first, then those that came first
    count: int
    cost: int  # tokens that may be generated
    turn: asyncio.Future[None]


class Slots:
    """`size` slots on one event loop.

    Fair is start-time fair queueing, as in `model_node.engine.scheduler`: a client's time goes on by the tokens that it
    takes up, and the client with the earliest time is next.
    """

    def __init__(self, size: int) -> None:
        self.used = 0
        self._size = size
        self._waiting: list[_Waiting] = []
        self._arrivals = itertools.count()
        self._times: dict[str, int] = {}  # of clients that are ahead of the clock
        self._clock = 0

    @asynccontextmanager
    async def take(self, count: int, *, client: str = "", priority: int = 0, tokens: int = 1) -> AsyncIterator[None]:
        """Hold `count` slots, at most all there are, for answers of up to `tokens` tokens each."""
        order = (-priority, next(self._arrivals))
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(
            client=client, order=order, count=min(count, self._size), cost=max(count * tokens, 1), turn=turn
        )
        self._waiting.append(waiting)
        self._admit()
        try:
            await turn
            yield
        finally:
            if turn.done() and not turn.cancelled():
                self.used -= waiting.count
            self._admit()

    def _admit(self) -> None:
        self._waiting = [waiting for waiting in self._waiting if not waiting.turn.done()]
        # One that does not fit keeps the others waiting: small ones could pass a large one for ever.
        while self._waiting and self.used + (first := min(self._waiting, key=self._place)).count <= self._size:
            self._waiting.remove(first)
            self.used += first.count
            self._clock = self._time(first.client)
            self._times[first.client] = self._clock + first.cost
            self._times = {client: time for client, time in self._times.items() if time > self._clock}
            first.turn.set_result(None)

    def _place(self, waiting: _Waiting) -> tuple[int, int, int]:
        urgency, arrival = waiting.order
        return urgency, self._time(waiting.client), arrival

    def _time(self, client: str) -> int:
        return max(self._times.get(client, 0), self._clock)
