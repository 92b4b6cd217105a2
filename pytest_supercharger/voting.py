"""The candidates of one stub as voters: who agrees with whom, beyond chance, and what their tests add.

What counts as an output, input by input:
  - equal values agree; equal exceptions agree only when the specification mentions their type;
  - time-outs, memory errors and unstable results agree with nothing, not even with themselves;
  - an input is left out for everybody when at least half of the samples have nothing comparable on it (broken
    input, infra trouble, blocked by another stub, a value without canonical form);
  - otherwise a broken input or a value without canonical form counts against the candidate, while a missing run,
    infra trouble and a blocked call are left out for that pair of candidates only.
Candidates that are unstable or whose result equals everything have no vote and no score.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cached_property
from math import fsum, nan
from operator import eq
from typing import TypeVar

from pytest_supercharger.acceptance import INCOMPARABLE, is_good
from pytest_supercharger.behaviour import Behaviour, Evidence
from pytest_supercharger.domain import Output, OutputKind
from pytest_supercharger.earned import earned

__all__ = ["Voting", "at", "share_passed"]

_T = TypeVar("_T")

PASS_WEIGHT = 0.5  # generated tests are voters of half weight
DOUBTED_VOTE = 0.5  # of a candidate that fails a trusted test: wrong somewhere, and mostly right elsewhere
CHANCE_WEIGHT = 0.5  # how much of the agreement that chance explains is taken off where no test is trusted

_UNKNOWN = frozenset({OutputKind.INFRA, OutputKind.BLOCKED})


class Voting:
    """Votes of the candidates for each other and of the tests for them; every figure is worked out once.

    Voters are known by their index in `voters`.
    """

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.drawn = sum(b.samples for b in evidence.behaviours) + evidence.rejected
        self.voters = [b for b in evidence.behaviours if b.loads and not b.unstable and not b.equals_anything]
        self.index = {b.id: i for i, b in enumerate(self.voters)}
        self._inputs = _comparable(self.voters)
        self._codes = _encode(self.voters, self._inputs)
        self._known = [sum(1 << x for x, code in enumerate(codes) if code is not None) for codes in self._codes]
        self._rows = self._good_rows()

    @cached_property
    def agreement(self) -> list[list[float]]:
        """Share of the inputs on which both give the same good output."""
        # Little known must not look like full agreement: at least half of the inputs are counted.
        least = max((len(self._inputs) + 1) // 2, 1)
        table = [[0.0] * len(self.voters) for _ in self.voters]
        for i, row in enumerate(self._rows):
            for j in range(i + 1):
                known = (self._known[i] & self._known[j]).bit_count()
                table[i][j] = table[j][i] = sum(map(eq, row, self._rows[j])) / max(known, least)
        return table

    def chance(self, i: int, j: int) -> float:
        """The agreement to expect of the two if each gave its own outputs on other inputs.

        It is 1 for two that always return the same value, and near 0 where hardly any output comes twice.
        """
        one, other = sorted((self._shares[i], self._shares[j]), key=len)
        return fsum(share * other.get(code, 0.0) for code, share in one.items())

    @cached_property
    def soft(self) -> list[float]:
        """Mean agreement with all voters by their samples, where nothing is trusted less a part of what is chance."""
        votes = [b.samples * (1.0 if b.trusted else DOUBTED_VOTE) for b in self.voters]
        total = sum(votes) or 1.0
        # Functions that return a constant agree perfectly. Trusted tests sort them out; here nothing else does.
        weight = 0.0 if self.evidence.trusted_checks else CHANCE_WEIGHT
        means = [fsum(vote * agree for vote, agree in zip(votes, row, strict=True)) / total for row in self.agreement]
        if not weight:
            return means
        together: defaultdict[float, list[float]] = defaultdict(list)
        for vote, shares in zip(votes, self._shares, strict=True):
            for code, share in shares.items():
                together[code].append(vote * share / total)
        # Exact sums: in which order the candidates came must not decide between equals.
        common = {code: fsum(parts) for code, parts in together.items()}
        expected = [fsum(share * common[code] for code, share in shares.items()) for shares in self._shares]
        return [mean - weight * chance for mean, chance in zip(means, expected, strict=True)]

    @cached_property
    def earned(self) -> tuple[float, ...]:
        """The share of its weight that each test has earned by telling something apart."""
        return earned(self.evidence)

    @cached_property
    def test_weights(self) -> tuple[float, ...]:
        """How often a test was written, times what it has earned, times the share of the trusted samples that pass."""
        weights = zip(self.evidence.weights, self.earned, strict=True)
        return tuple(weight * share * self._support(t) for t, (weight, share) in enumerate(weights))

    def _support(self, t: int) -> float:
        verdicts = [(b.samples, at(b.passes, t)) for b in self.voters if b.trusted]
        known = sum(n for n, verdict in verdicts if verdict is not None)
        return sum(n for n, verdict in verdicts if verdict) / known if known else 0.0

    @cached_property
    def scores(self) -> list[float]:
        """What the candidates are ranked by."""
        return [
            soft + PASS_WEIGHT * share_passed(b, self.test_weights)
            for soft, b in zip(self.soft, self.voters, strict=True)
        ]

    @cached_property
    def groups(self) -> list[list[int]]:
        """Voters by equal outputs; one with gaps joins the first class it does not contradict."""
        groups: list[list[int]] = []
        for i in sorted(range(len(self.voters)), key=lambda i: (-self._known[i].bit_count(), *self.order(i))):
            for group in groups:
                if self._same(i, group[0]):
                    group.append(i)
                    break
            else:
                groups.append([i])
        return groups

    def group_of(self, i: int) -> list[int]:
        """The voters that behave like this one, itself included."""
        return next(group for group in self.groups if i in group)

    def order(self, i: int) -> tuple[object, ...]:
        """Sort key, best first; ids decide only between candidates that are alike in everything else."""
        voter = self.voters[i]
        return (-round(self.scores[i], 12), -voter.samples, -voter.texts, *self._contents[i], voter.id)

    @cached_property
    def _contents(self) -> list[tuple[list[str], list[str]]]:
        return [
            ([_text(at(b.outputs, x)) for x in self._inputs], [str(verdict) for verdict in b.passes])
            for b in self.voters
        ]

    def _good_rows(self) -> list[list[float]]:
        """The codes of good outputs; the rest is not a number, which equals nothing."""
        documented = self.evidence.documented
        return [
            [
                code if code is not None and is_good(at(b.outputs, x), documented) else nan
                for x, code in zip(self._inputs, codes, strict=True)
            ]
            for b, codes in zip(self.voters, self._codes, strict=True)
        ]

    @cached_property
    def _shares(self) -> list[dict[float, float]]:
        """How often each good output comes, by voter, as a share of the inputs."""
        return [
            {code: n / len(row) for code, n in Counter(code for code in row if code == code).items()}
            for row in self._rows
        ]

    def _same(self, i: int, j: int) -> bool:
        """No contradiction, on at least half of the inputs."""
        both = (self._known[i] & self._known[j]).bit_count()
        one, other = self._codes[i], self._codes[j]
        if one == other:
            return both * 2 >= len(one)
        return both * 2 >= len(one) and both == sum(a is not None and a == b for a, b in zip(one, other, strict=True))


def share_passed(behaviour: Behaviour, weights: Sequence[float]) -> float:
    """Weighted share of the tests that pass; tests without a verdict are left out up to a half."""
    total = sum(weights)
    if not total:
        return 0.0
    verdicts = [(weight, at(behaviour.passes, t)) for t, weight in enumerate(weights)]
    known = sum(weight for weight, verdict in verdicts if verdict is not None)
    return sum(weight for weight, verdict in verdicts if verdict) / max(known, total / 2)


def at(items: Sequence[_T | None], index: int) -> _T | None:
    """The item, or None behind the end: what was not run yet."""
    return items[index] if index < len(items) else None


def _comparable(voters: Sequence[Behaviour]) -> tuple[int, ...]:
    """The inputs on which more than half of the samples that were probed can be compared."""
    counts: Counter[int] = Counter()
    total = 0
    for voter in voters:
        found = [x for x, o in enumerate(voter.outputs) if o is not None and o.kind not in INCOMPARABLE]
        counts.update(dict.fromkeys(found, voter.samples))
        total += voter.samples * any(o is not None for o in voter.outputs)
    return tuple(sorted(x for x, n in counts.items() if n * 2 > total))


def _encode(voters: Sequence[Behaviour], inputs: Sequence[int]) -> list[list[int | None]]:
    """Outputs as numbers: equal numbers, the same behaviour; None where nothing is known."""
    numbers: dict[tuple[OutputKind, str], int] = {}

    def number(output: Output | None) -> int | None:
        if output is None or output.kind in _UNKNOWN:
            return None
        return numbers.setdefault((output.kind, output.text), len(numbers))

    return [[number(at(voter.outputs, x)) for x in inputs] for voter in voters]


def _text(output: Output | None) -> str:
    return "" if output is None else f"{output.kind.value}:{output.text}"
