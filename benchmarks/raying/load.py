"""Stubs that are asked about through one address for as long as it takes, and what came of them."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from types import TracebackType

from pooling.fleet import Result, run

from pytest_supercharger.client import NodePool
from pytest_supercharger.domain import Answer, Question

__all__ = ["Load"]

_DEADLINE = 600.0  # seconds of a question


class Load:
    """Run after run of the same stubs while the context lasts; the last run ends before it does."""

    def __init__(self, address: str, *, stubs: int, samples: int, clients: int = 1) -> None:
        """`clients` are pools of their own, as several developers have them; each asks about so many stubs."""
        self.lost = self.doubled = self.samples = 0
        self.slowest = self.seconds = 0.0
        self.errors: list[str] = []
        self.said: list[str] = []  # what the pools have noted of the node
        self.troubles = 0
        self._stubs, self._wanted = stubs, samples
        self._over, self._lock = threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=self._ask, args=(address,), daemon=True) for _ in range(clients)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def begun(self) -> bool:
        """Whether samples come."""
        return self.samples > 0

    @property
    def whole(self) -> bool:
        """Whether everything came, and once."""
        return bool(self.samples) and not (self.lost or self.doubled or self.errors)

    def words(self) -> str:
        """The figures."""
        told = f", {[error[:200] for error in self.errors[:2]]}" if self.errors else ""
        return (
            f"{self.samples} samples, {self.lost} lost, {self.doubled} doubled, {len(self.errors)} errors{told};"
            f" {self.troubles} streams asked for once more; longest question {self.slowest:.1f} s"
        )

    def _ask(self, address: str) -> None:
        try:
            with NodePool([address]) as pool:
                begin = time.monotonic()
                while not self._over.is_set():
                    self._add(
                        run(
                            lambda question, count: self._answers(pool, question, count),
                            self._stubs,
                            rounds=self._rounds,
                        )
                    )
                (node,) = pool.nodes
                troubles, said = node.errors, node.last_error
        except Exception as error:  # told among the errors: a thread's own end is seen by nobody
            with self._lock:
                self.errors.append(repr(error))
            return
        with self._lock:
            self.seconds = time.monotonic() - begin
            self.troubles += troubles
            self.said += [said[:200]] if said else []

    @property
    def _rounds(self) -> tuple[tuple[str, int], ...]:
        return (("code", self._wanted),) * 2

    def _answers(self, pool: NodePool, question: Question, count: int) -> Iterator[Answer]:
        with contextlib.closing(pool.generate([question], samples=count, deadline_seconds=_DEADLINE)) as found:
            for _, answer in found:
                with self._lock:
                    self.samples += 1
                yield answer

    def _add(self, result: Result) -> None:
        with self._lock:
            self.lost += sum(self._wanted - len(counts) for counts in result.got.values())
            self.doubled += sum(count - 1 for counts in result.got.values() for count in counts.values())
            self.slowest = max(self.slowest, result.slowest)
            self.errors += result.errors
