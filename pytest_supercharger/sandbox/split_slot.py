"""Two containers that work as one slot: the test runs in one, the candidate in the other, and neither sees the other.

The first never runs a candidate and the second never sees a test, also not in an earlier job; what they say to each
other passes here unread.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from pytest_supercharger.sandbox.slot import Slot, SlotBroken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from docker import APIClient

    from pytest_supercharger.sandbox.hardening import ContainerSpec

__all__ = ["SplitSlot"]

_SEND_SECONDS = 30.0


class SplitSlot(Slot):
    """A slot for split runs; `exchange` takes a job with the jobs of both halves."""

    def __init__(self, test: Slot, candidate: Slot) -> None:
        self._test, self._candidate = test, candidate
        self.hello = test.hello
        self.jobs = 0
        self.last_used = time.monotonic()

    @classmethod
    def pair(cls, api: APIClient, specs: tuple[ContainerSpec, ContainerSpec], setup: Mapping[str, Any]) -> SplitSlot:
        """Both containers, ready for jobs; SlotBroken when one of them does not come up."""
        test = Slot.start(api, specs[0], setup)
        try:
            return cls(test, Slot.start(api, specs[1], setup))
        except BaseException:
            test.destroy()
            raise

    def exchange(self, job: Mapping[str, Any], seconds: float) -> tuple[dict[str, Any], dict[str, Any]]:
        """Send both jobs and wait for both results, given under the names of the halves.

        Raises SlotBroken like `Slot.exchange`, for either container.
        """
        deadline = time.monotonic() + seconds
        half = _Half(self._candidate, self._candidate.put(job["candidate"], deadline), deadline)
        other = _Half(self._test, self._test.put(job["test"], deadline), deadline)
        half.other, other.other = other, half
        thread = threading.Thread(target=half.run, name="supercharger-split", daemon=True)
        thread.start()
        other.run()
        if other.problem is not None:
            self.destroy()
        thread.join()
        for problem in (other.problem, half.problem):
            if problem is not None:
                raise problem
        self.jobs += 1
        self.last_used = time.monotonic()
        sent = {"test": other.sent, "candidate": half.sent}
        return sent, {"test": other.result, "candidate": half.result, **_together(other.result, half.result)}

    def ping(self, seconds: float = 10.0) -> None:
        """Tell both that the host is alive."""
        self._test.ping(seconds)
        self._candidate.ping(seconds)
        self.last_used = time.monotonic()

    def destroy(self) -> None:
        """Remove both containers."""
        try:
            self._test.destroy()
        finally:
            self._candidate.destroy()


def _together(*results: Mapping[str, Any]) -> dict[str, Any]:
    """What the pool looks at to see whether the place can be used again."""
    runs = [result["runs"] for result in results if isinstance(result.get("runs"), list)]
    sizes = [result["rss"] for result in results if isinstance(result.get("rss"), int)]
    return {
        "clean": all(result.get("clean") is not False for result in results),
        "runs": [run for several in runs for run in several],
        "rss": max(sizes, default=0),
    }


class _Half:
    """One container's part of a split run, and the way to the other one."""

    other: _Half

    def __init__(self, slot: Slot, sent: dict[str, Any], deadline: float) -> None:
        self.slot, self.sent, self._deadline = slot, sent, deadline
        self.result: dict[str, Any] = {}
        self.problem: Exception | None = None

    def run(self) -> None:
        """Wait for the result, passing on what is said on the way; then tell the other half that this one is over."""
        try:
            self.result = self.slot.take(self.sent, self._deadline, self.other.hear)
        except Exception as error:  # raised again by the thread that waits for both
            self.problem = error
        try:
            self.other.hear(None)
        except SlotBroken as error:
            self.problem = self.problem or error

    def hear(self, data: str | None) -> None:
        """Pass on what the other half says."""
        self.slot.relay(self.sent, data, time.monotonic() + _SEND_SECONDS)
