"""What a job is about, which the scheduler does not look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pytest_supercharger import tracing
from pytest_supercharger.domain import Answer, Question
from pytest_supercharger.pool.state import Done, Lease

__all__ = ["Event", "Order"]

Event = tuple[int, Answer | float] | Done  # an answer with its index, or the end


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a job is about: one question to sample, or several to judge; `put` gets every event, on the loop.

    Its calls belong to the span of whoever makes it.
    """

    questions: Sequence[Question]
    judged: bool
    put: Callable[[Event], None]
    span: tracing.Span = field(default_factory=tracing.here)

    def figures(self, lease: Lease) -> dict[str, tracing.Figure]:
        """What a span says of a call for it."""
        return {
            "node": lease.node.name,
            "model": lease.node.label,
            "kind": "judge" if self.judged else lease.job.kind,
            "stub": self.questions[0].stub_id,
            "samples": len(lease.indices),
            "hedge": lease.is_hedge,
        }
