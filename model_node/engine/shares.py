"""Whose turn it is among the clients of one priority: all that wait are given the same number of tokens.

Start-time fair queuing (Goyal, Vin and Cheng, 1996, section 2): each client has a tag that grows by the tokens it gets,
and the smallest is served. A client that comes anew starts at the tag of the one that is served: time in which it
wanted nothing earns it nothing. A sample counts with the tokens it may have: how many it will need nobody knows yet.
"""

from __future__ import annotations

import heapq
import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from model_node.engine.scheduler import Group

__all__ = ["TURN_TOKENS", "Level"]

# Of one client before the next one's turn: enough samples of a prompt that reading it again later is worth it.
TURN_TOKENS = 4096
_REMEMBERED = 64  # clients that want nothing now


class Level:
    """The waiting groups of one priority, client by client; each operation takes O(log n)."""

    def __init__(self) -> None:
        self._queues: dict[str, list[tuple[int, Group]]] = {}  # heaps by arrival, of the clients that wait
        self._tags: dict[str, int] = {}  # tokens, also of clients that went lately
        self._order: list[tuple[int, int, str]] = []  # heap of tag, entry and client; the one in turn is not in it
        self._entries = itertools.count()
        self._now = 0
        self._turn: str | None = None
        self._left = 0  # tokens of the turn

    def push(self, group: Group) -> None:
        """Queue a group of which samples wait."""
        client = group.running.job.client
        if client not in self._queues:
            self._forget()
            self._queues[client] = []
            self._tags[client] = max(self._tags.get(client, 0), self._now)
            self._line_up(client)
        heapq.heappush(self._queues[client], (group.order, group))

    def first(self) -> Group | None:
        """The group whose samples come next; None where nothing waits."""
        while (client := self._client()) is not None:
            queue = self._queues[client]
            while queue and not queue[0][1].waiting:  # its job was cancelled
                heapq.heappop(queue)
            if queue:
                return queue[0][1]
            self._leave(client)
        return None

    def most(self, group: Group) -> int:
        """How many samples of the first group fit into the turn of its client; all where no other waits."""
        return max(-(-self._left // group.limit), 1) if len(self._queues) > 1 else len(group.waiting)

    def taken(self, group: Group, samples: int) -> None:
        """Count samples that the first group gave away."""
        client, tokens = group.running.job.client, samples * group.limit
        self._now = max(self._now, self._tags[client])
        self._tags[client] += tokens
        self._left -= tokens
        if not group.waiting:
            heapq.heappop(self._queues[client])
            if not self._queues[client]:
                self._leave(client)

    def _client(self) -> str | None:
        if self._turn is not None and (self._left > 0 or len(self._queues) == 1):
            return self._turn
        if self._turn is not None:
            self._line_up(self._turn)
            self._turn = None
        if self._order:
            self._turn, self._left = heapq.heappop(self._order)[2], TURN_TOKENS
        return self._turn

    def _line_up(self, client: str) -> None:
        heapq.heappush(self._order, (self._tags[client], next(self._entries), client))

    def _leave(self, client: str) -> None:
        del self._queues[client]
        self._turn = None

    def _forget(self) -> None:
        if len(self._tags) > 2 * len(self._queues) + _REMEMBERED:
            self._tags = {
                client: tag for client, tag in self._tags.items() if client in self._queues or tag > self._now
            }
