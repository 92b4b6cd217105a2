"""Everything that is known about the candidates of one stub: samples, verdicts, outputs; values in, evidence out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pytest_supercharger.behaviour import Behaviour, Evidence
from pytest_supercharger.domain import (
    Candidate,
    GeneratedTest,
    OutputKind,
    PairResult,
    Probe,
    Rejection,
    Stub,
    Verdict,
)
from pytest_supercharger.kills import Kills
from pytest_supercharger.mutation import MutationScore
from pytest_supercharger.outputs import Outputs
from pytest_supercharger.progress import TRUSTED_WEIGHT
from pytest_supercharger.projecttests import GateVerdict

__all__ = ["Matrix"]

_EXCEPTION = re.compile(r"\b[A-Z]\w*(?:Error|Exception|Warning|Interrupt|Iteration|Exit)\b")
_ALIKE = frozenset({Verdict.FAIL, Verdict.DISK, Verdict.PROCESSES})  # a test may be the cause of these by itself
_BLAMELESS = frozenset({Verdict.ENVIRONMENT, Verdict.INFRA})


@dataclass(slots=True, kw_only=True)
class Matrix:
    """The growing record of one stub's search."""

    stub: Stub
    trusted: tuple[GeneratedTest, ...]
    candidates: dict[str, Candidate] = field(default_factory=dict)
    answers: list[tuple[Candidate, ...]] = field(default_factory=list)  # the readings of each that has any
    repaired: dict[int, str] = field(default_factory=dict)  # index of an answer that is a repair -> id of its parent
    rejections: Counter[str] = field(default_factory=Counter)
    details: dict[str, str] = field(default_factory=dict)  # reason of a rejection -> the first of its kind, in words
    rejected_codes: int = 0
    tests: dict[str, GeneratedTest] = field(default_factory=dict)  # generated, by id
    weights: Counter[str] = field(default_factory=Counter)  # test id -> how often it was written
    test_answers: int = 0
    probes: dict[str, Probe] = field(default_factory=dict)
    trusted_probes: set[str] = field(default_factory=set)
    pairs: dict[tuple[str, str], PairResult] = field(default_factory=dict)
    outputs: Outputs = field(default_factory=Outputs)
    gates: dict[str, GateVerdict] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)  # candidate id -> why it can never be written
    kills: Kills = field(default_factory=Kills)

    def add_code(self, cleaned: Sequence[Candidate] | Rejection, *, parent: str = "") -> tuple[Candidate, ...]:
        """Count one answer to a code question, one sample however many readings it has; the candidates that are new.

        `parent` is the candidate of which the answer is a repair.
        """
        if isinstance(cleaned, Rejection):
            self.rejected_codes += 1
            self._reject(cleaned)
            return ()
        if parent:
            self.repaired[len(self.answers)] = parent
        self.answers.append(tuple(cleaned))
        new = tuple(candidate for candidate in cleaned if candidate.id not in self.candidates)
        self.candidates |= {candidate.id: candidate for candidate in new}
        return new

    def _reject(self, rejection: Rejection) -> None:
        self.rejections[rejection.reason] += 1
        self.details.setdefault(rejection.reason, rejection.detail)

    @property
    def drawn(self) -> Counter[str]:
        """How many samples each candidate is; none for a reading that another one of its answers speaks for."""
        return Counter(candidate.id for candidate in self._meant())

    @property
    def duplicates(self) -> int:
        """How many samples said what another had said before."""
        return self.drawn.total() - len(self.drawn)

    def _meant(self) -> list[Candidate]:
        """The reading of each answer that counts as what was said: one answer is one sample.

        The first, unless it fails a trusted test, or another one is what a second answer says outright. Generated tests
        have no say: they are to tell how sure the chosen one is, and would flatter what they chose.
        """
        plain = Counter(readings[0].id for readings in self.answers if len(readings) == 1)

        def doubt(candidate: Candidate) -> tuple[bool, int]:
            key = candidate.id
            return key in self.refused or self.failing_trusted(key) is not None, -plain[key]

        said = [min(readings, key=doubt) for readings in self.answers]
        return [one for i, one in enumerate(said) if i not in self.repaired or self._adds(one.id, self.repaired[i])]

    def _adds(self, key: str, parent: str) -> bool:
        """Whether a repair is a sample: it loses no trusted test, passes more than its parent and behaves differently.

        Any other was drawn, and is no voter: a copy that agrees with its parent is no second opinion.
        """
        before, after = self._checks(parent), self._checks(key)
        if any(passed and not after.get(check) for check, passed in before.items()):
            return False
        gained = TRUSTED_WEIGHT * sum(bool(after.get(check)) - passed for check, passed in before.items())
        before, after = self.verdicts(parent, self.tests), self.verdicts(key, self.tests)
        gained += sum(self.weights[test] * (after[test] - passed) for test, passed in before.items() if test in after)
        return gained > 0 and self._differ(key, parent)

    def _checks(self, key: str) -> dict[str, bool]:
        """What is known of a candidate on the trusted tests and the gate."""
        gate = {"gate": self.gates[key].passed} if key in self.gates else {}
        return self.verdicts(key, [test.id for test in self.trusted]) | gate

    def _differ(self, one: str, other: str) -> bool:
        """Whether two candidates gave different outputs; True where they were not run on one and the same input."""
        both = [(self.outputs.get((one, probe)), self.outputs.get((other, probe))) for probe in self.probes]
        known = [(a.kind, a.text) == (b.kind, b.text) for a, b in both if a is not None and b is not None]
        return not all(known) or not known

    def add_tests(
        self, cleaned: Sequence[GeneratedTest | Rejection] | Rejection, *, times: int = 1
    ) -> tuple[GeneratedTest, ...]:
        """Count one answer to a test question, and why parts of it were refused; the tests in it that are new.

        `times` is how many answers say so.
        """
        parts = [cleaned] if isinstance(cleaned, Rejection) else cleaned
        for part in parts:
            if isinstance(part, Rejection):
                self._reject(part)
        if isinstance(cleaned, Rejection):
            return ()
        self.test_answers += times
        tests = [part for part in cleaned if isinstance(part, GeneratedTest)]
        new = [test for test in tests if test.id not in self.tests]
        self.weights.update({test.id: times for test in tests})
        self.tests |= {test.id: test for test in new}
        return tuple(new)

    def add_probes(self, probes: Sequence[Probe], *, trusted: bool = False) -> None:
        """Add inputs; equal ones are kept once."""
        for probe in probes:
            self.probes.setdefault(probe.id, probe)
            if trusted:
                self.trusted_probes.add(probe.id)

    def verdict(self, candidate_id: str, test_id: str) -> Verdict | None:
        """What this candidate came to on this test."""
        return result.verdict if (result := self.pairs.get((candidate_id, test_id))) is not None else None

    def missing_tests(self, candidate_id: str, tests: Sequence[GeneratedTest]) -> list[GeneratedTest]:
        """The tests this candidate has no verdict on."""
        return [test for test in tests if (candidate_id, test.id) not in self.pairs]

    def missing_probes(self, candidate_id: str) -> list[Probe]:
        """The inputs this candidate is to be run on, those last that another one ran into a limit on."""
        hung = self.outputs.hung()
        missing = [probe for probe in self.probes.values() if self.outputs.is_due(candidate_id, probe.id)]
        return sorted(missing, key=lambda probe: probe.id in hung)

    def forget(self, candidate_id: str) -> None:
        """Drop every verdict of a candidate, because what it is run against has changed."""
        self.pairs = {key: value for key, value in self.pairs.items() if key[0] != candidate_id}
        self.outputs.forget(candidate_id)
        self.gates.pop(candidate_id, None)
        self.kills.forget(candidate_id)

    def failing_trusted(self, candidate_id: str) -> tuple[str, str] | None:
        """The first trusted test or gate test this candidate fails, with the reason."""
        for test in self.trusted:
            result = self.pairs.get((candidate_id, test.id))
            if result is not None and result.verdict is not Verdict.PASS and result.verdict not in _BLAMELESS:
                return test.id, result.detail or result.verdict.value
        gate = self.gates.get(candidate_id)
        return next(iter(gate.failures.items()), None) if gate is not None else None

    def vouched(self, candidate_id: str) -> bool:
        """Whether every trusted test and the gate were run and passed."""
        results = [self.pairs.get((candidate_id, test.id)) for test in self.trusted]
        gate = self.gates.get(candidate_id)
        return (
            candidate_id not in self.refused
            and all(result is not None and result.verdict is Verdict.PASS for result in results)
            and gate is not None
            and gate.passed
        )

    def verdicts(self, candidate_id: str, tests: Iterable[str]) -> dict[str, bool]:
        """Which of these tests a candidate passes, as far as that is known and its own doing."""
        return {test: passed for test in tests if (passed := self._passed(candidate_id, test)) is not None}

    def tests_passed(self, candidate_id: str) -> list[GeneratedTest]:
        """The trusted and generated tests a candidate passes, each time they are run."""
        tests = (*self.trusted, *self.tests.values())
        return [t for t in tests if self._passed(candidate_id, t.id) and t.id not in self.kills.unsteady]

    def mutation_score(self, candidate_id: str | None) -> MutationScore | None:
        """How many mutants of a candidate its tests notice; None where that is not known."""
        return self.kills.score(candidate_id, {test.id for test in self.trusted}) if candidate_id else None

    def gate_tests(self, candidate_id: str | None = None) -> tuple[str, ...]:
        """The project tests that passed with this candidate, or with any; one that was stopped has not."""
        gates = [self.gates.get(candidate_id)] if candidate_id is not None else [*self.gates.values()]
        return tuple(sorted({node for gate in gates if gate is not None for node in gate.spoke}))

    def unused(self) -> dict[str, int]:
        """How many answers were not used, by reason."""
        counts = Counter(self.rejections)
        drawn = self.drawn
        for key, reason in self.refused.items():
            counts[reason] += drawn[key]
        counts["a repair no better than what it repaired"] += len(self.answers) - drawn.total()
        return dict(+counts)

    def why_none(self, reason: str) -> str:
        """`reason`, why no candidate is left, together with why candidates were refused."""
        refused = Counter(self.refused.values())
        if not refused:
            return reason
        usual = f"the usual one {refused.most_common(1)[0][0]}"
        if len(self.refused) == len(self.candidates):
            return f"no candidate may be written: {usual}"
        return f"{reason}; {refused.total()} may not be written: {usual}"

    def waits_for(self, candidate_id: str) -> set[str]:
        """Ids of the open stubs that this candidate, or a trusted test of it, calls."""
        found: set[str] = set()
        for test in self.trusted:
            result = self.pairs.get((candidate_id, test.id))
            found |= result.reached if result is not None else frozenset()
        for probe in self.probes:
            output = self.outputs.get((candidate_id, probe))
            if output is not None and output.kind is OutputKind.BLOCKED:
                found.add(output.text)
        return found - {self.stub.id}

    def evidence(self) -> Evidence:
        """What the candidates did, in the form in which it is weighed."""
        order = list(self.tests)
        environment = {test for test in order if self._is_environment(test)}
        probes = list(self.probes)
        samples: dict[str, list[str]] = {}  # candidate id -> the text of each
        for candidate in self._meant():
            samples.setdefault(candidate.id, []).append(candidate.text_id)
        known = [key for key in self.candidates if key in samples]
        return Evidence(
            behaviours=tuple(self._behaviour(key, samples[key], order, environment, probes) for key in known),
            rejected=self.rejected_codes,
            weights=tuple(float(self.weights[test]) for test in order),
            told=self.kills.told(order),
            test_answers=self.test_answers,
            trusted_checks=len(self.trusted) + self._gate_checks(),
            documented=frozenset(_EXCEPTION.findall(f"{self.stub.signature}\n{self.stub.docstring}")),
            trusted_inputs=frozenset(i for i, probe in enumerate(probes) if probe in self.trusted_probes),
        )

    def _gate_checks(self) -> int:
        """Project tests that speak for every candidate that passes the gate; blocked and skipped ones do not."""
        return min((len(gate.callers) for key, gate in self.gates.items() if self.vouched(key)), default=0)

    def _behaviour(
        self, key: str, texts: list[str], order: list[str], environment: set[str], probes: list[str]
    ) -> Behaviour:
        outputs = tuple(self.outputs.get((key, probe)) for probe in probes)
        kinds = {output.kind for output in outputs if output is not None}
        return Behaviour(
            id=key,
            samples=len(texts),
            texts=len(set(texts)),
            loads=key not in self.refused and kinds != {OutputKind.INVALID},
            trusted=self.vouched(key),
            passes=tuple(None if test in environment else self._passed(key, test) for test in order),
            outputs=outputs,
            equals_anything=OutputKind.EQUALS_ANYTHING in kinds,
            unstable=OutputKind.UNSTABLE in kinds,
        )

    def _passed(self, key: str, test: str) -> bool | None:
        result = self.pairs.get((key, test))
        if result is None or result.verdict in _BLAMELESS or result.reached:
            return None
        return result.verdict is Verdict.PASS

    def _is_environment(self, test: str) -> bool:
        """Two or more candidates and all of them fail with one and the same error that is no failed assertion."""
        drawn = self.drawn
        results = [pair for (key, other), pair in self.pairs.items() if other == test and key in drawn]
        details = {pair.detail for pair in results}
        return (
            len(results) > 1
            and len(details) == 1
            and all(pair.verdict in _ALIKE for pair in results)
            and not next(iter(details)).startswith(("AssertionError", "assert", "Failed"))
        )
