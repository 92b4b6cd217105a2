"""The time that a search works, without the time that it waits."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Stopwatch"]


class Stopwatch:
    """Runs from the moment it is made; `pause` and `resume` may be called by whoever works for the search."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` gives seconds that only grow."""
        self._clock = clock
        self._started = clock()
        self._paused = 0.0
        self._since: float | None = None  # when it was paused

    def pause(self) -> None:
        """Stop counting."""
        if self._since is None:
            self._since = self._clock()

    def resume(self) -> None:
        """Count again."""
        if self._since is not None:
            self._paused += self._clock() - self._since
            self._since = None

    @property
    def seconds(self) -> float:
        """Seconds it ran."""
        now = self._clock() if self._since is None else self._since
        return now - self._started - self._paused

    @property
    def paused(self) -> float:
        """Seconds it was paused, up to the last time that it was resumed."""
        return self._paused
