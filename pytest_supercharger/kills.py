"""The kill matrix: which tests notice that a candidate was changed, or that there is only an empty stub."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_supercharger.behaviour import Told
from pytest_supercharger.domain import LIMITS, PairResult, Verdict
from pytest_supercharger.mutants import Mutant
from pytest_supercharger.mutation import MutationScore

__all__ = ["Kills", "Place", "passes"]

Place = tuple[str, str]  # the ids of a candidate and of a mutant of it

_KILLS = LIMITS | {Verdict.FAIL}


@dataclass(slots=True, kw_only=True)
class Kills:
    """What the tests of one stub do where there is nothing right to pass; grows as more is run."""

    mutants: dict[str, tuple[Mutant, ...]] = field(default_factory=dict)  # by the id of the candidate
    blank: dict[str, bool] = field(default_factory=dict)  # test id -> whether the empty stub passes it
    pairs: dict[Place, dict[str, PairResult]] = field(default_factory=dict)  # by test id
    differs: dict[Place, bool] = field(default_factory=dict)  # whether its outputs are others
    spent: set[Place] = field(default_factory=set)  # these ran into a limit
    unsteady: set[str] = field(default_factory=set)  # tests that are to blame for a verdict that changed

    def forget(self, candidate_id: str) -> None:
        """Drop what mutants of this candidate did, because what they were run against has changed."""
        for mutant in self.mutants.pop(candidate_id, ()):
            place = candidate_id, mutant.candidate.id
            self.pairs.pop(place, None)
            self.differs.pop(place, None)
            self.spent.discard(place)

    @property
    def size(self) -> int:
        """How much is known; it grows with every verdict."""
        return len(self.blank) + len(self.differs) + len(self.unsteady) + sum(map(len, self.pairs.values()))

    def may_vote(self, test_id: str) -> bool:
        """Whether nothing is known that takes a test its vote, whatever it tells apart."""
        return test_id not in self.unsteady and not self.blank.get(test_id, False)

    def told(self, tests: Sequence[str]) -> tuple[Told, ...]:
        """What each of these generated tests tells apart; mutants that behave like their candidate say nothing."""
        rows = [self.pairs.get(place, {}) for place in self._live()]
        return tuple(self._told(test, [row[test] for row in rows if test in row]) for test in tests)

    def is_killed(self, place: Place, by: Collection[str] | None = None) -> bool:
        """Whether a test that may vote, and is one of `by`, fails on this mutant or drives it to a limit."""
        return any(
            result.verdict in _KILLS and not result.reached
            for test, result in self.pairs.get(place, {}).items()
            if self.may_vote(test) and (by is None or test in by)
        )

    def score(self, candidate_id: str, trusted: Collection[str]) -> MutationScore | None:
        """How many mutants of this candidate are noticed; None where none is known to behave otherwise."""
        live = [place for place in self._live() if place[0] == candidate_id]
        if not live:
            return None
        return MutationScore(
            mutants=len(live),
            killed=sum(self.is_killed(place) for place in live),
            killed_by_trusted=sum(self.is_killed(place, trusted) for place in live),
        )

    def _told(self, test: str, results: Sequence[PairResult]) -> Told:
        return Told(
            blank=self.blank.get(test),
            killed=sum(map(_is_noticed, results)),
            survived=sum(result.verdict is Verdict.PASS and not result.reached for result in results),
            unsteady=test in self.unsteady,
        )

    def _live(self) -> list[Place]:
        """The mutants that behave otherwise than their candidate, on some input or some test."""
        places = [(key, mutant.candidate.id) for key, mutants in self.mutants.items() for mutant in mutants]
        return [place for place in places if self.differs.get(place, False) or self.is_killed(place)]


def _is_noticed(result: PairResult) -> bool:
    """What the test asserts does not hold; an error on the way there comes of an empty stub as well."""
    asserted = result.detail.startswith(("AssertionError", "assert", "Failed"))
    return result.verdict is Verdict.FAIL and asserted and not result.reached


def passes(results: Mapping[str, PairResult]) -> dict[str, bool]:
    """Which of these tests pass, without those that came to nothing."""
    return {
        test: result.verdict is Verdict.PASS
        for test, result in results.items()
        if result.verdict is Verdict.PASS or result.verdict in _KILLS
    }
