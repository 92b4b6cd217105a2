"""What an abstention asks the user: an input, and the answers that candidates give to it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Dispute", "Group"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Candidates that give one answer to the input of a dispute."""

    answer: str  # for people: capped and cleaned
    samples: int
    test: str = ""  # a whole test module that says so; "" where the answer cannot be written down
    example: str = ""  # the same as a line for the docstring, where that is possible
    note: str = ""  # why there is no test


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """An input on which candidates that may all be right differ: who knows the right answer can decide."""

    input: str  # an expression, with what comes before it; for people: capped and cleaned
    samples: int
    groups: tuple[Group, ...]  # largest first
