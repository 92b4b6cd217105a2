"""Runs candidates in the sandbox, cheapest evidence first, and keeps the matrix up to date."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence

from pytest_supercharger import effects, probes
from pytest_supercharger.aside import Aside
from pytest_supercharger.bench import Bench
from pytest_supercharger.confirming import Confirming
from pytest_supercharger.dependencies import MISSING
from pytest_supercharger.domain import LIMITS, Candidate, GeneratedTest, Output, PairResult, Probe, SourceFile, Verdict
from pytest_supercharger.errors import SourceError
from pytest_supercharger.gating import Gating
from pytest_supercharger.killing import Killing
from pytest_supercharger.ledger import Filling, Waited
from pytest_supercharger.listening import Listening
from pytest_supercharger.matrix import Matrix
from pytest_supercharger.sandbox.base import Overlay

__all__ = ["Checker"]

_CUT_SHORT = LIMITS | {Verdict.INFRA}
_SPENT = frozenset(verdict.value for verdict in LIMITS)  # of verdicts and of outputs
_FIRST_BATCH = 2  # generated tests at once; doubled after each batch that kept the limits
_LARGEST_BATCH = 8
FUZZED_INPUTS = 32  # the study used up to 40; more inputs cost sandbox time and split right programs apart


class Checker:
    """Brings verdicts and outputs of one stub's candidates into its matrix."""

    def __init__(
        self,
        matrix: Matrix,
        source: SourceFile,
        *,
        bench: Bench,
        allow: frozenset[str],
        wait: Callable[[str], Waited],
        left: Callable[[], float],
        rng: random.Random,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        """`wait` waits for another stub and says what came of it; `left` are seconds of this stub.

        `say` takes a line for the user.
        """
        self._matrix = matrix
        self.aside = Aside(matrix)
        self._listening = Listening(matrix, self.aside, bench, wait)
        self._source = source
        self._splitting = bench.splitting
        self._sandbox = bench.splitting.sandbox
        self._ledger = bench.ledger
        self._dependencies = bench.dependencies
        self._allow = allow
        self._wait = wait
        self._left = left
        self._say = say
        self.cut_short = False  # something was not run because the time was spent: what is known is not the whole
        self._rng = rng
        self._unwanted: dict[str, str] = {}  # candidates that are refused for what they say, whatever they do -> why
        self._beside: tuple[Filling, ...] = ()  # bodies of other open stubs that are tried together with this one's
        beside = self._filled_beside
        self._gating = Gating(matrix, bench, beside=beside, again=self._probe_again, in_time=self._in_time)
        self._confirming = Confirming(matrix, bench=bench, gate=self._gating.ask, beside=beside, rng=rng)
        self._killing = Killing(matrix, source, bench=bench, allow=allow, beside=beside, in_time=self._in_time)
        for test in matrix.trusted:
            matrix.add_probes(test.probes, trusted=True)
        self._fuzz()

    def add_candidate(self, candidate: Candidate) -> None:
        """Run a new candidate on everything that is known; one that fails a trusted test is not run on the rest."""
        lacking = self._dependencies.refusal(candidate)
        if lacking:
            self._never(candidate, f"{MISSING}: {lacking}")
            return
        allow = self._allow | self._dependencies.modules()
        source, stub = self._source, self._matrix.stub
        unwanted = effects.undeclared(candidate, source.data, allow=allow, stub=stub, markers=source.marks.taken)
        if unwanted:
            self._never(candidate, f"uses what its module does not: {', '.join(unwanted)}")
            return
        self._run(candidate)
        self._await_others(candidate)

    def add_tests(self, new: tuple[GeneratedTest, ...]) -> None:
        """Run new generated tests, and the inputs they bring, on every candidate that is still in play."""
        for test in new:
            self._matrix.add_probes(test.probes)
        self._fuzz()
        for candidate in [*self._matrix.candidates.values()]:
            if candidate.id not in self._matrix.refused:
                self._run(candidate)
                self._await_others(candidate)

    def hear_more(self) -> bool:
        """Before nothing is accepted: run all on project tests that can speak by now; whether there are such."""
        if not self._listening.hears_more():
            return False
        self.add_tests(())
        return True

    def prove(self, candidate_id: str) -> bool:
        """See what the tests of a candidate tell apart, as far as that is not known; whether more is known now."""
        return self._killing.run(self._matrix.candidates[candidate_id])

    def retry(self) -> None:
        """Run those again that were set aside, or tried beside others that came to nothing."""
        self.misses()
        self.aside.take_back()
        self.stand_beside(())
        self.add_tests(())

    def misses(self) -> frozenset[str]:
        """The stubs, open and not tried together with this one, that candidates turned out to need."""
        return self.aside.miss_only(self._ledger.are_open)

    def stand_beside(self, others: Sequence[Filling]) -> bool:
        """From now on these bodies of other open stubs are filled in as well; whether they were not before.

        What is known without them is dropped.
        """
        if tuple(others) == self._beside:
            return False
        self._beside = tuple(others)
        for key in self._matrix.candidates:
            self._matrix.forget(key)
        return True

    def pardon(self, refused: Mapping[str, str]) -> None:
        """Nobody is refused but these, and those that are for what they say."""
        self._matrix.refused = {**refused, **self._unwanted}

    def _filled_beside(self) -> tuple[Filling, ...]:
        return self._beside

    def run_trusted(self, candidate: Candidate) -> None:
        """Run a candidate on its trusted tests and the project tests only."""
        overlay = self._overlay(candidate)
        if overlay is not None:
            self._run_trusted(overlay, candidate)
            self.aside.miss(self._matrix.waits_for(candidate.id))

    def confirm(self, candidate: Candidate) -> bool:
        """Run everything the candidate passed and gave once more, each test on its own and in another order.

        Any difference rules it out, but for one that a generated test is to blame for: that test loses its vote, and
        the candidate is to be weighed again.

        This alone also runs when the time of the stub is spent: all of it has kept its limits before.
        """
        overlay = self._overlay(candidate)
        if overlay is None:
            return False
        unsteady = len(self._matrix.kills.unsteady)
        reason = self._confirming.doubt(overlay, candidate)
        if reason:
            self._refuse(candidate, reason)
        return not reason and len(self._matrix.kills.unsteady) == unsteady

    def _await_others(self, candidate: Candidate) -> None:
        """Run a candidate again once the open stubs it calls are filled; behind one of them may stand another."""
        waited: set[str] = set()
        while others := self._matrix.waits_for(candidate.id) - waited:
            other, answer = self._first_answer(others)
            if self._beside:
                self.aside.miss(others)
            if answer is Waited.CIRCLE:
                self.aside.add(candidate, others)
            elif answer is Waited.NOT_FILLED:
                self._refuse(candidate, f"needs {other}, which is not filled")
            if answer is not Waited.FILLED:
                return
            waited.add(other)
            self._matrix.forget(candidate.id)
            self._run(candidate)

    def _first_answer(self, others: set[str]) -> tuple[str, Waited]:
        """What waiting came to, for the first of these that can be waited for."""
        for other in sorted(others):
            # What is tried together is tried as it is: somebody may wait for one of those that are.
            answer = Waited.NOT_FILLED if self._beside else self._wait(other)
            if answer is not Waited.CIRCLE:
                return other, answer
        return min(others), Waited.CIRCLE

    def _run(self, candidate: Candidate) -> None:
        overlay = self._overlay(candidate)
        if overlay is None:
            return
        matrix, key = self._matrix, candidate.id
        self._run_trusted(overlay, candidate)
        if matrix.failing_trusted(key) is None and key in matrix.gates and matrix.gates[key].passed:
            self._run_generated(overlay, key)
        # Also of candidates that fail a trusted test: how far they agree with the others is part of the evidence.
        missing = matrix.missing_probes(key)
        if missing and not self._exhausts(key) and self._in_time():
            outputs = self._sandbox.probe(overlay, matrix.stub.module, missing)
            matrix.outputs.note(key, outputs)
        self._excuse()

    def _excuse(self) -> None:
        """Run those again who failed project tests that turn out to be to blame themselves."""
        lines, again = self._gating.excuse()
        for line in lines:
            self._say(line)
        for key in again:
            self._run(self._matrix.candidates[key])

    def _probe_again(self, key: str, inputs: Sequence[Probe]) -> Mapping[str, Output]:
        overlay = self._overlay(self._matrix.candidates[key]) if inputs and self._in_time() else None
        return {} if overlay is None else self._sandbox.probe(overlay, self._matrix.stub.module, inputs)

    def _run_trusted(self, overlay: Overlay, candidate: Candidate) -> None:
        matrix, key = self._matrix, candidate.id
        # One first: most wrong candidates fail it, and an endless one then costs one time limit, not all of them.
        for tests in (matrix.trusted[:1], matrix.trusted[1:]):
            if matrix.failing_trusted(key) is None:
                self._run_tests(overlay, key, tests, isolated=True)
        if matrix.failing_trusted(key) is None:
            silent = self._gating.run(overlay, key)
            if silent:
                self._refuse(candidate, f"got no answer from the project tests: {silent}")

    def _exhausts(self, key: str) -> bool:
        """Whether the candidate's inputs would each cost a limit again: it did on a trusted test, or on everything."""
        trusted = (self._matrix.verdict(key, test.id) for test in self._matrix.trusted)
        return bool(self._always_spent(key)) or not _CUT_SHORT.isdisjoint(trusted)

    def _always_spent(self, key: str) -> Verdict | None:
        """A limit, where all it was run on, and that is more than one thing, ran into one."""
        ran = [pair.verdict.value for (other, _), pair in self._matrix.pairs.items() if other == key]
        ran += [output.kind.value for (other, _), output in self._matrix.outputs.items() if other == key]
        return Verdict(ran[0]) if len(ran) > 1 and _SPENT.issuperset(ran) else None

    def _run_generated(self, overlay: Overlay, key: str) -> None:
        """Run the generated tests in batches, up to the first that runs into a limit: the next ones would as well."""
        left = self._matrix.missing_tests(key, tuple(self._matrix.tests.values()))
        size = _FIRST_BATCH
        verdict = self._always_spent(key) if left else None
        while left and verdict is None and self._in_time():
            batch, left = left[:size], left[size:]
            self._run_tests(overlay, key, tuple(batch))
            verdict = next(
                (found for test in batch if (found := self._matrix.verdict(key, test.id)) in _CUT_SHORT), None
            )
            size = min(2 * size, _LARGEST_BATCH)
        if verdict in LIMITS:  # what a busy machine kept from running is due again next time
            result = PairResult(verdict=verdict, detail="not run: it already ran into a limit")
            self._matrix.pairs |= {(key, test.id): result for test in left}

    def _run_tests(
        self, overlay: Overlay, key: str, tests: tuple[GeneratedTest, ...], *, isolated: bool = False
    ) -> None:
        missing = self._matrix.missing_tests(key, tests)
        if missing and self._in_time():
            results = self._splitting.run(overlay, missing, isolated=isolated)
            self._matrix.pairs |= {(key, test): result for test, result in results.items()}
            doubt = self._splitting.sample(overlay, key, missing, results)
            if doubt:
                self._refuse(self._matrix.candidates[key], doubt)

    def _in_time(self) -> bool:
        """Whether another round in the sandbox may begin; notes when it may not."""
        if self._left() > 0:
            return True
        self.cut_short = True
        return False

    def _overlay(self, candidate: Candidate) -> Overlay | None:
        try:
            return self._ledger.overlay([*self._beside, (self._matrix.stub, candidate)])
        except SourceError as error:
            self._refuse(candidate, f"cannot be put into the file: {error}")
            return None

    def _never(self, candidate: Candidate, reason: str) -> None:
        self._unwanted[candidate.id] = reason
        self._refuse(candidate, reason)

    def _refuse(self, candidate: Candidate, reason: str) -> None:
        if candidate.id not in self._matrix.refused:
            self._matrix.refused[candidate.id] = reason

    def _fuzz(self) -> None:
        """Top the inputs up with mutated ones, once there are real ones to mutate."""
        real = tuple(self._matrix.probes.values())
        room = FUZZED_INPUTS - len(real)
        if room <= 0:
            return
        if real:
            self._matrix.add_probes(probes.mutate(real, stub=self._matrix.stub, limit=room, rng=self._rng))
        else:
            self._matrix.add_probes(probes.from_signature(self._matrix.stub, rng=self._rng, limit=room))
