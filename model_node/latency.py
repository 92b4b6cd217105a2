"""How long the last requests took: the middle and the slow end."""

from __future__ import annotations

import math
from collections import defaultdict, deque

__all__ = ["Latency"]

_KEPT = 256  # requests of each method


class Latency:
    """Seconds of the last requests, each method apart."""

    def __init__(self) -> None:
        self._seconds: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=_KEPT))

    def add(self, method: str, seconds: float) -> None:
        """Note one request that ended."""
        self._seconds[method].append(seconds)

    def quantile(self, method: str, share: float) -> float:
        """The seconds that this share of the last requests did not exceed; 0 where there was none."""
        ordered = sorted(self._seconds[method])
        return ordered[max(math.ceil(share * len(ordered)) - 1, 0)] if ordered else 0.0
