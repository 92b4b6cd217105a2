"""How fast samples end, and so when one who found the queue full has a place in it."""

from __future__ import annotations

from collections import deque

__all__ = ["Pace"]

_KEPT = 64  # ends, of a sample or of all answers of a judge or score request
_UNKNOWN = 0.25  # seconds, where too little has ended to tell
_SHORTEST = 0.1
_LONGEST = 10.0  # a guess that is too long leaves a node idle; one that is too short costs a refusal


class Pace:
    """The last ends of samples; time is passed in, in seconds."""

    def __init__(self) -> None:
        self._ends: deque[tuple[float, int]] = deque(maxlen=_KEPT)

    def ended(self, now: float, samples: int = 1) -> None:
        """Note so many samples."""
        self._ends.append((now, samples))

    def rested(self) -> None:
        """Forget what was: the node had nothing to do, and that is not how fast it is."""
        self._ends.clear()

    def wait(self, ahead: int, now: float) -> float:
        """The seconds until so many samples have ended."""
        ended = sum(samples for _, samples in self._ends) - 1  # since the first of them
        if ended < 1 or now <= self._ends[0][0]:
            return _UNKNOWN
        seconds = max(ahead, 1) * (now - self._ends[0][0]) / ended
        return min(max(seconds, _SHORTEST), _LONGEST)
