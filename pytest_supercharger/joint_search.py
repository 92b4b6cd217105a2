"""The joint choice for stubs that need each other: one candidate of each, accepted together or not at all.

A choice is tried as a whole. Each stub is weighed with the chosen bodies of the others filled in, all of its candidates
against each other as in any search; the choice stands when every stub's best candidate is the chosen one and lacks
nothing. Then each draws a fresh code and a fresh suite, is weighed again and confirmed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from pytest_supercharger import joint_choice
from pytest_supercharger.agreement import Assessment
from pytest_supercharger.checker import Checker
from pytest_supercharger.domain import Candidate, Stub
from pytest_supercharger.ledger import Ledger
from pytest_supercharger.matrix import Matrix
from pytest_supercharger.stopwatch import Stopwatch

__all__ = ["Choice", "Member", "Table"]

_MOST_WEIGHED = 4  # combinations that pass the trusted tests of all: each costs a whole search in the sandbox
_ROUNDS = 4  # until the best of every stub are those that were filled in for the others
_BROKEN_OFF = "the joint choice with the stubs that it needs broke off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """The search for one stub, as far as others may use it while it waits."""

    stub: Stub
    matrix: Matrix
    checker: Checker
    watch: Stopwatch
    weigh: Callable[[], Assessment]
    draw: Callable[[], bool]  # one fresh code and one fresh suite, run and weighed; whether both came
    draw_tests: Callable[[], bool]  # another suite, as long as the budget allows it
    halted: Callable[[], str]  # why nothing more may be run, "" while it may
    resting: Callable[[], AbstractContextManager[None]]  # while it waits: its turn is given away, its watch stands


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a stub gets from the joint choice: a candidate, or the reason why there is none."""

    candidate: Candidate | None = None
    reason: str = ""
    together: Mapping[str, str] = field(default_factory=dict)  # id of each other stub -> id of its candidate
    again: bool = False  # nothing can be chosen before other stubs are decided, or sit as well


class Table:
    """Where the searches meet whose stubs need each other; one a run, shared by its threads."""

    def __init__(self) -> None:
        """Nobody sits."""
        self._members: dict[str, Member] = {}
        self._choices: dict[str, Choice] = {}

    def sit(self, member: Member, ledger: Ledger, seconds: float) -> Choice | None:
        """What was chosen for this one; None where its candidates are to be run again first.

        That is once a stub is decided that they need, and where they turned out to need one that does not sit here.
        """
        stub_id, needs = member.stub.id, member.checker.aside.needs
        self._members[stub_id] = member
        with member.resting():
            circle = ledger.sit(stub_id, needs, seconds)
        if circle:
            self._choose(sorted(circle), ledger)
        choice = self._choices.pop(stub_id, None)
        if choice is not None and choice.again:
            return None
        if choice is None and ledger.are_open(needs):
            choice = Choice(reason=f"needs {min(needs)}, which was not decided in {seconds:g} s")
        return choice

    def _choose(self, circle: Sequence[str], ledger: Ledger) -> None:
        members = [self._members[stub_id] for stub_id in circle]
        try:
            for member in members:
                member.watch.resume()
            self._choices |= _Search(members).choose()
        finally:
            for stub_id in circle:
                self._choices.setdefault(stub_id, Choice(reason=_BROKEN_OFF))
            ledger.rise(circle)


class _Search:
    """One joint choice; whoever it is for does nothing else meanwhile."""

    def __init__(self, members: Sequence[Member]) -> None:
        self._members = members
        self._ids = [member.stub.id for member in members]
        self._failed: Counter[str] = Counter()  # why combinations did not pass what is trusted
        self._refused: dict[str, dict[str, str]] = {}  # stub -> candidates refused before, whatever stands beside them
        self._lacking = ""  # what one that did pass it lacks
        self._tried = 0

    def choose(self) -> dict[str, Choice]:
        if len(self._members) > joint_choice.MOST_STUBS:
            return {stub: Choice(reason=joint_choice.too_many(stub, self._ids)) for stub in self._ids}
        shortlists = {member.stub.id: self._opened(member) for member in self._members}
        chosen = self._first_that_stands(list(shortlists.values()))
        if chosen is None and self._misses_others():
            return {stub: Choice(again=True) for stub in self._ids}
        if chosen is None:
            obstacle = self._lacking or max(self._failed, key=lambda text: self._failed[text], default="")
            for member in self._members:
                member.weigh()  # what is reported of it is what was seen last
            return {
                stub: Choice(reason=joint_choice.why_none(stub, shortlists, self._tried, obstacle))
                for stub in self._ids
            }
        ids = {stub: candidate.id for stub, candidate in zip(self._ids, chosen, strict=True)}
        return {
            stub: Choice(candidate=candidate, together={other: ids[other] for other in ids if other != stub})
            for stub, candidate in zip(self._ids, chosen, strict=True)
        }

    def _misses_others(self) -> bool:
        """Whether open stubs that do not sit here stood in the way; then everybody is as before this choice."""
        missed = frozenset().union(*(member.checker.misses() for member in self._members))
        if self._halted() or missed <= set(self._ids):
            return False
        for member in self._members:
            member.checker.pardon(self._refused[member.stub.id])
        return True

    def _opened(self, member: Member) -> tuple[str, ...]:
        """The candidates of a stub that are tried, once those set aside are like any other."""
        standings = joint_choice.standings(member.matrix, [*member.checker.aside])
        member.checker.aside.take_back()
        return joint_choice.shortlist(standings)

    def _first_that_stands(self, shortlists: Sequence[Sequence[str]]) -> list[Candidate] | None:
        self._refused = {member.stub.id: dict(member.matrix.refused) for member in self._members}
        weighed = 0
        for ids in joint_choice.combinations(shortlists):
            if weighed == _MOST_WEIGHED or self._halted():
                return None
            self._tried += 1
            choice = [member.matrix.candidates[key] for member, key in zip(self._members, ids, strict=True)]
            if self._passes_trusted(choice):
                weighed += 1
                settled = self._settled(choice)
                if settled is not None:
                    return self._confirmed(settled)
        return None

    def _passes_trusted(self, choice: Sequence[Candidate]) -> bool:
        for member, candidate in zip(self._members, choice, strict=True):
            self._stand_beside(member, choice)
            member.checker.run_trusted(candidate)
            obstacle = _obstacle(member.matrix, candidate)
            if obstacle:
                self._failed[_told(member, obstacle)] += 1
                return False
        return True

    def _settled(self, choice: list[Candidate]) -> list[Candidate] | None:
        """The choice, or one it leads to, in which each is the best beside the others and may be accepted."""
        for _ in range(_ROUNDS):
            best = []
            for member, candidate in zip(self._members, choice, strict=True):
                found = self._acceptable(member, choice, candidate)
                if found is None:
                    return None
                best.append(found)
            if [one.id for one in best] == [one.id for one in choice]:
                return choice
            choice = best
        self._lacking = _told(self._members[0], "which one is best changes with what the others are")
        return None

    def _acceptable(self, member: Member, choice: Sequence[Candidate], own: Candidate) -> Candidate | None:
        """The best candidate of a stub beside the choice for the others, if it lacks nothing; `own` where as good."""
        assessment = self._weighed(member, choice)
        while assessment.best is not None and assessment.unmet and member.draw_tests():
            assessment = self._weighed(member, choice)
        if self._halted():
            return None
        if assessment.best is None or assessment.unmet:
            lacking = "; ".join(assessment.unmet)
            self._lacking = _told(member, lacking if assessment.best else member.matrix.why_none(lacking))
            return None
        return own if _is_as_good(member.matrix, own, assessment) else member.matrix.candidates[assessment.best]

    def _confirmed(self, choice: list[Candidate]) -> list[Candidate] | None:
        for member in self._members:
            if not member.draw():
                self._lacking = _told(member, "it could not be confirmed with a fresh code and a fresh test suite")
                return None
        settled = self._settled(choice)
        # Where a test lost its vote nobody is refused, and all are weighed again without it; tests come to an end.
        while settled is not None and not self._all_repeat(settled):
            settled = None if self._was_refused(settled) else self._settled(settled)
        return settled

    def _all_repeat(self, choice: Sequence[Candidate]) -> bool:
        pairs = zip(self._members, choice, strict=True)
        return all(member.checker.confirm(candidate) for member, candidate in pairs)

    def _was_refused(self, choice: Sequence[Candidate]) -> bool:
        for member, candidate in zip(self._members, choice, strict=True):
            if candidate.id in member.matrix.refused:
                self._lacking = _told(member, member.matrix.refused[candidate.id])
                return True
        return False

    def _weighed(self, member: Member, choice: Sequence[Candidate]) -> Assessment:
        self._stand_beside(member, choice)
        member.checker.add_tests(())
        return member.weigh()

    def _stand_beside(self, member: Member, choice: Sequence[Candidate]) -> None:
        pairs = zip(self._members, choice, strict=True)
        if member.checker.stand_beside([(other.stub, candidate) for other, candidate in pairs if other is not member]):
            # A candidate that got no answer beside a wrong one may be right beside another.
            member.checker.pardon(self._refused[member.stub.id])

    def _halted(self) -> bool:
        """Whether the time of a stub, or of the run, is spent: what is known may not be the whole then."""
        for member in self._members:
            reason = member.halted()
            if reason:
                self._lacking = reason
                return True
        return False


def _is_as_good(matrix: Matrix, own: Candidate, assessment: Assessment) -> bool:
    """Whether a candidate does all that the best one does: then only its name makes it another one."""
    if own.id == assessment.best or assessment.best is None or own.id not in assessment.classes[0].ids:
        return own.id == assessment.best
    return matrix.vouched(own.id) and matrix.tests_passed(own.id) == matrix.tests_passed(assessment.best)


def _told(member: Member, obstacle: str) -> str:
    return f"{member.stub.id}: {' '.join(obstacle.split())[:200]}"


def _obstacle(matrix: Matrix, candidate: Candidate) -> str:
    """Why a candidate that was run on its trusted tests and the project tests cannot be part of a choice."""
    key = candidate.id
    if key in matrix.refused:
        return matrix.refused[key]
    missing, failing = matrix.waits_for(key), matrix.failing_trusted(key)
    if missing:
        return f"needs {min(missing)}, which is not filled"
    if failing is not None:
        name = next((test.name for test in matrix.trusted if test.id == failing[0]), failing[0])
        return f"{name} fails: {failing[1]}"
    return "" if matrix.vouched(key) else "was not run on all of its trusted tests"
