"""One answer as the figures need it: what was made of it, what of that is right, and what a shorter limit leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pytest_supercharger.domain import Answer, FinishReason

__all__ = ["Sample", "cut"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """An answer that was judged."""

    task: str
    kind: str  # "code" or "tests"
    temperature: float
    tokens: int
    finish: FinishReason
    parts: tuple[str, ...]  # ids: of the one code, or of the tests
    right: frozenset[str]  # the parts that are right
    left: Mapping[int, int] = field(default_factory=dict)  # token limit below `tokens` -> right parts still made of it

    @property
    def found(self) -> int:
        """How many right parts it has."""
        return sum(part in self.right for part in self.parts)

    def kept(self, limit: int) -> int:
        """How many right parts it has under a token limit."""
        return self.found if self.tokens <= limit else self.left.get(limit, 0)


def cut(answer: Answer, prefix: str, limit: int) -> Answer:
    """What a token limit would have left of an answer; its tokens are taken for equally long."""
    written = answer.text.removeprefix(prefix)
    text = prefix + written[: len(written) * limit // max(1, answer.num_tokens)]
    return replace(answer, text=text, finish_reason=FinishReason.LENGTH, num_tokens=limit)
