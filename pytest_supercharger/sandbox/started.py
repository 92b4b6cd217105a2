"""What a sandbox holds once it is up: engines, packages, slots, and the threads that bring jobs to them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from docker.errors import DockerException

from pytest_supercharger.sandbox import protocol
from pytest_supercharger.sandbox.engines import Engines
from pytest_supercharger.sandbox.fetched import Fetched
from pytest_supercharger.sandbox.host import SNAPSHOT
from pytest_supercharger.sandbox.packages import Packages
from pytest_supercharger.sandbox.reaper import CLIENT_LABEL, reap, reap_networks, reap_snapshots, reap_volumes
from pytest_supercharger.sandbox.slot import reason

if TYPE_CHECKING:
    from docker import DockerClient

    from pytest_supercharger.sandbox.base import Limits
    from pytest_supercharger.sandbox.placement import Placement
    from pytest_supercharger.sandbox.prepared import Prepared

__all__ = ["Started"]

_LISTED = 5


class Started:
    """Made in one go, SandboxError says why that cannot be; and closed once, from whichever thread."""

    def __init__(
        self,
        project: Path,
        roots: Sequence[str],
        limits: Limits,
        slots: int | None,
        placement: Placement,
        report: Callable[[str], None],
    ) -> None:
        """See `docker.DockerSandbox`."""
        self._engines = Engines(placement.hosts, report)
        try:
            for engine in self._engines.all:
                _clean_up(engine.client, report)
            self._engines.prepare(project, limits, placement)
            _say_left_out(self._engines.places[0][1], report)
            self._fetched = Fetched(self._engines.places)
            self.packages = Packages(places=self._engines.places, fetched=self._fetched, roots=roots)
            setup = protocol.setup_job(project=str(project), snapshot=SNAPSHOT, roots=roots, limits=limits)
            self.pool = self._engines.fill(slots, setup, self._fetched.catch_up)
        except BaseException:
            self._engines.close()
            raise
        # Threads of their own: split jobs that wait for a place keep no other job from one. One more than can run, as
        # only who waits already gets the places that a split job leaves.
        self._threads, self._split_threads = (
            ThreadPoolExecutor(max_workers=size, thread_name_prefix="supercharger-slot")
            for size in (self.pool.size, self.pool.pairs + 1)
        )
        self._lock = threading.Lock()
        self._open = True

    def threads(self, *, split: bool) -> ThreadPoolExecutor:
        """The threads that bring jobs of one container, or of two, to their slots."""
        return self._split_threads if split else self._threads

    def close(self) -> None:
        """Remove what was made; safe to call twice."""
        with self._lock:
            was_open, self._open = self._open, False
        if not was_open:
            return
        # Each step is taken whatever the one before it came to.
        with contextlib.ExitStack() as stack:
            stack.callback(self._fetched.close)
            stack.callback(self._engines.close)
            stack.callback(self._split_threads.shutdown, wait=True, cancel_futures=True)
            stack.callback(self._threads.shutdown, wait=True, cancel_futures=True)
            stack.callback(self.pool.close)


def _clean_up(client: DockerClient, report: Callable[[str], None]) -> None:
    removed = reap(client)
    for kind, reap_all in (("volume", reap_volumes), ("network", reap_networks)):
        try:
            reap_all(client)
        except (DockerException, OSError) as error:  # of an earlier run: no reason to end this one
            report(
                f"sandbox: a {kind} that an earlier run left behind cannot be removed: {reason(error)}; "
                f'"docker {kind} ls --filter label={CLIENT_LABEL}" shows those there are'
            )
    reap_snapshots()
    if removed:
        report(f"sandbox: removed {len(removed)} container(s) that an earlier run left behind")


def _say_left_out(host: Prepared, report: Callable[[str], None]) -> None:
    left_out = host.left_out
    if left_out:
        listed = ", ".join(f"{path} ({reason})" for path, reason in list(left_out.items())[:_LISTED])
        more = f" and {len(left_out) - _LISTED} more" if len(left_out) > _LISTED else ""
        report(f"sandbox: tests there do not see {listed}{more}")
