"""What other rules choose from the samples our search has drawn: the seed's first pair, and CodeT."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from pytest_supercharger.domain import Candidate, GeneratedTest, Question, QuestionKind, Stub, Verdict
from pytest_supercharger.ledger import Ledger
from pytest_supercharger.matrix import Matrix
from pytest_supercharger.sandbox.base import Sandbox
from pytest_supercharger.writeback import edits

__all__ = ["codet", "complete", "first_pair", "judge_question", "passing_pairs"]

SEED_THRESHOLD = 0.8
_MOST_JUDGED = 12  # pairs a task; a node reads each of them once


def complete(matrix: Matrix, ledger: Ledger, sandbox: Sandbox) -> None:
    """Run every sample on every generated test: our search leaves out what cannot matter to it."""
    for key, candidate in _samples(matrix).items():
        missing = matrix.missing_tests(key, [*matrix.tests.values()])
        if missing:
            overlay = ledger.overlay([(matrix.stub, candidate)])
            matrix.pairs |= {(key, test): result for test, result in sandbox.run_tests(overlay, missing).items()}


def passes(matrix: Matrix, candidate: str, test: str) -> bool:
    """Whether a pair was run and passed."""
    result = matrix.pairs.get((candidate, test))
    return result is not None and result.verdict is Verdict.PASS


def codet(matrix: Matrix, *, examples: bool) -> str | None:
    """The root of the samples that pass the same tests, times the number of those tests (arXiv 2207.10397).

    `examples` leaves out first what fails a docstring example, which the published rule does not.
    """
    drawn = matrix.drawn  # a reading that another one of its answer speaks for is no sample
    rows = {key: frozenset(test for test in matrix.tests if passes(matrix, key, test)) for key in _samples(matrix)}
    if examples:
        rows = {key: row for key, row in rows.items() if all(passes(matrix, key, t.id) for t in matrix.trusted)}

    def score(key: str) -> float:
        alike = sum(drawn[other] for other, row in rows.items() if row == rows[key])
        return math.sqrt(alike) * sum(matrix.weights[test] for test in rows[key])

    return max(rows, key=score, default=None)  # the first drawn of those that are equal


def _samples(matrix: Matrix) -> dict[str, Candidate]:
    """The candidates that are samples, in the order in which they were drawn."""
    drawn = matrix.drawn
    return {key: candidate for key, candidate in matrix.candidates.items() if drawn[key]}


def passing_pairs(matrix: Matrix) -> Iterator[tuple[Candidate, GeneratedTest]]:
    """Pairs that pass, in the order in which they come to be known when codes and tests are drawn in turns."""
    codes, tests = [*_samples(matrix).values()], [*matrix.tests.values()]
    order = sorted((max(i, j), i, j) for i in range(len(codes)) for j in range(len(tests)))
    for _, i, j in order:
        if passes(matrix, codes[i].id, tests[j].id):
            yield codes[i], tests[j]


def first_pair(matrix: Matrix, judge: Callable[[Candidate, GeneratedTest], float] | None) -> str | None:
    """The candidate of the first pair that passes and that the judge gives 0.8 or more; without judge, that passes."""
    for number, (candidate, test) in enumerate(passing_pairs(matrix)):
        if judge is None or (number < _MOST_JUDGED and judge(candidate, test) >= SEED_THRESHOLD):
            return candidate.id
    return None


def judge_question(stub: Stub, module: bytes, candidate: Candidate, test: GeneratedTest) -> Question:
    """Whether a pair is any good: what the seed asks its judge, as a question of yes and no."""
    filled = edits.fill(module, [(stub, candidate)]).decode()
    user = (
        f"Here is a Python module:\n\n```python\n{filled}```\n\nHere is a unit test for its function `{stub.name}`:\n\n"
        f"```python\n{test.source}```\n\nDoes the function do what its description asks, with no bug, and is the test "
        "right? Answer Yes or No."
    )
    return Question(
        kind=QuestionKind.JUDGE,
        stub_id=stub.id,
        system="You are an expert Python programmer who reviews code and tests.",
        user=user,
        assistant_prefix="",
        max_new_tokens=1,
        temperature=0.0,
    )
