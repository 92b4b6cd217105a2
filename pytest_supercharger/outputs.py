"""What candidates gave on inputs, and which of it is still due."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_supercharger.domain import Output, OutputKind

__all__ = ["Outputs"]

_HANGING = frozenset({OutputKind.TIMEOUT, OutputKind.MEMORY})


class Outputs(dict[tuple[str, str], Output]):
    """By candidate and input."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        super().__init__()
        self._tried_again: set[tuple[str, str]] = set()

    def note(self, candidate_id: str, outputs: Mapping[str, Output]) -> None:
        """Keep what a candidate gave, by input."""
        new = {(candidate_id, probe): output for probe, output in outputs.items()}
        self._tried_again |= new.keys() & self.keys()
        self.update(new)

    def is_due(self, candidate_id: str, probe: str) -> bool:
        """Whether a candidate is to be run on an input: for the first time, or as the sandbox failed to tell.

        Otherwise a candidate that met a busy machine would stand apart from those that do the same.
        """
        place = (candidate_id, probe)
        known = self.get(place)
        return known is None or (known.kind is OutputKind.INFRA and place not in self._tried_again)

    def hung(self) -> set[str]:
        """The inputs on which any candidate ran into a limit."""
        return {probe for (_, probe), output in self.items() if output.kind in _HANGING}

    def forget(self, candidate_id: str) -> None:
        """Drop what a candidate gave."""
        for place in [place for place in self if place[0] == candidate_id]:
            del self[place]
