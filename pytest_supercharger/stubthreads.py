"""A thread for each stub of a run, and how they end when the run is interrupted."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from pytest_supercharger import tracing
from pytest_supercharger.domain import Outcome, Stub
from pytest_supercharger.services import Services

__all__ = ["each"]


def each(solve: Callable[[Stub], Outcome], stubs: Sequence[Stub], services: Services) -> list[Outcome]:
    """The outcomes in the order of the stubs; a stub that waits for another gives its turn away, not its thread."""
    here = tracing.here()

    def work(stub: Stub) -> Outcome:
        with tracing.under(here):
            return solve(stub)

    with _pool(len(stubs), services) as pool:
        return [*pool.map(work, stubs)]


@contextlib.contextmanager
def _pool(workers: int, services: Services) -> Iterator[ThreadPoolExecutor]:
    """Threads that are told to stop, not waited for to the end of their budgets, when the run is interrupted."""
    pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="supercharge")
    try:
        yield pool
    except BaseException:
        services.stop.set()
        services.bench.ledger.stop()
        services.generator.close()  # ends the calls the threads wait for
        services.bench.splitting.sandbox.close()
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    pool.shutdown(wait=True)
