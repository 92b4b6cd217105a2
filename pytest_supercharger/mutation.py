"""How much the tests of a candidate notice."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MutationScore"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MutationScore:
    """How many changed versions of a candidate its tests notice, of those that behave otherwise at all."""

    mutants: int
    killed: int  # by trusted tests and by generated ones with a vote
    killed_by_trusted: int

    @property
    def share(self) -> float:
        """Share of the mutants that are noticed."""
        return self.killed / self.mutants
