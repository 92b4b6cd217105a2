"""Candidates of one stub that need open stubs which need this one: alone none of them can be judged."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from pytest_supercharger.domain import Candidate
from pytest_supercharger.matrix import Matrix

__all__ = ["Aside"]


class Aside:
    """Those of a matrix that were set aside; for the search they are refused until they are taken back."""

    def __init__(self, matrix: Matrix) -> None:
        """None was set aside yet."""
        self._matrix = matrix
        self._needs: dict[str, frozenset[str]] = {}
        self._missed: frozenset[str] = frozenset()

    @property
    def needs(self) -> frozenset[str]:
        """The stubs that these candidates need."""
        return self._missed.union(*self._needs.values())

    def miss(self, stubs: Collection[str]) -> None:
        """Open stubs that candidates came to once those stubs were filled that stood before them."""
        self._missed |= frozenset(stubs)

    def miss_only(self, is_open: Callable[[Collection[str]], bool]) -> frozenset[str]:
        """What is missed and still open; the rest is not missed any more."""
        self._missed = frozenset(stub for stub in self._missed if is_open([stub]))
        return self._missed

    def __iter__(self) -> Iterator[str]:
        return iter(self._needs)

    def __len__(self) -> int:
        return len(self._needs)

    def add(self, candidate: Candidate, needs: Collection[str]) -> None:
        """Set a candidate aside that needs these, unless it was refused for something else."""
        if candidate.id not in self._matrix.refused:
            self._needs[candidate.id] = frozenset(needs)
            self._matrix.refused[candidate.id] = f"needs {', '.join(sorted(needs))}, which needs this one"

    def take_back(self) -> list[Candidate]:
        """All of them, in the matrix as if they had just been drawn."""
        back = [candidate for key, candidate in self._matrix.candidates.items() if key in self._needs]
        for candidate in back:
            del self._matrix.refused[candidate.id]
            self._matrix.forget(candidate.id)
        self._needs.clear()
        return back
