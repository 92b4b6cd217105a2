"""Splitting the samples of one question over nodes, and knowing which are still to come."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_supercharger.domain import Question

__all__ = ["Chunk", "split"]

_SMALLEST = 4  # samples that share one prefill; below this the prefill costs more than a second node saves


@dataclass(slots=True, kw_only=True)
class Chunk:
    """Samples of one question that go to one node; the only mutable value of the client, owned by one thread."""

    index: int  # of the question
    question: Question
    missing: set[int]  # sample indices
    failures: Counter[str] = field(default_factory=Counter)  # how often each node's address broke on it
    last_failure: str = ""
    declined: set[str] = field(default_factory=set)  # addresses of nodes that have no answer to it
    waits: int = 0  # times a full queue sent us away in a row

    def next_run(self) -> range:
        """The first stretch of missing indices without a hole: what one request can ask for."""
        first = last = min(self.missing)
        while last + 1 in self.missing:
            last += 1
        return range(first, last + 1)


def split(index: int, question: Question, samples: range, nodes: int) -> list[Chunk]:
    """Cut the samples into one equal part a node, none so small that its prefill is wasted."""
    size = max(_SMALLEST, -(-len(samples) // nodes))
    return [
        Chunk(index=index, question=question, missing=set(samples[start : start + size]))
        for start in range(0, len(samples), size)
    ]
