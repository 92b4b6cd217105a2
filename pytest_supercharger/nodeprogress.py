"""The table of nodes while a run waits for their answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pytest_supercharger import nodetable
from pytest_supercharger.pool.state import Node

__all__ = ["NodeProgress"]

_EVERY = 60.0  # seconds
_SOONEST = 5.0  # after the last one, where a node has changed: one that comes and goes must not fill a screen


class NodeProgress:
    """Prints it each minute, and when a node comes, goes or is refused; time is passed in."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._printed: float | None = None
        self._states: list[tuple[str, str]] = []

    def look(self, nodes: Sequence[Node], now: float) -> None:
        """Print it where it is due."""
        if len(nodes) < 2:
            return
        states = nodetable.states(nodes)
        if self._printed is None:
            self._printed, self._states = now, states
        changed, waited = states != self._states, now - self._printed
        if (waited >= _EVERY and any(node.under_way for node in nodes)) or (changed and waited >= _SOONEST):
            self._printed, self._states = now, states
            self.print(nodes)

    def print(self, nodes: Sequence[Node]) -> None:
        """Print it now, where there are several."""
        if len(nodes) > 1:
            for line in nodetable.table(nodes):
                self._report(line)
