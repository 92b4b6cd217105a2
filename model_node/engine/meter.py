"""Decoding speed over the last minute."""

from __future__ import annotations

import threading
from collections import deque

__all__ = ["Meter"]

_WINDOW_SECONDS = 60.0


class Meter:
    """Counts tokens and the seconds spent on them; idle time does not count. Any thread may read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._steps: deque[tuple[float, int, float]] = deque()
        self._tokens = 0
        self._seconds = 0.0

    def add(self, now: float, tokens: int, seconds: float) -> None:
        """Record one step that ended at `now`."""
        with self._lock:
            self._steps.append((now, tokens, seconds))
            self._tokens += tokens
            self._seconds += seconds
            while self._steps[0][0] < now - _WINDOW_SECONDS:
                _, old_tokens, old_seconds = self._steps.popleft()
                self._tokens -= old_tokens
                self._seconds -= old_seconds

    def tokens_per_second(self) -> float:
        """Tokens of the steps in the window by the seconds those steps took; 0 before the first."""
        with self._lock:
            return self._tokens / self._seconds if self._seconds > 0 else 0.0
