"""Which question comes next for a stub: kind, variant, seed and the failing test a repair is shown."""

from __future__ import annotations

import hashlib
import textwrap
from collections import Counter
from collections.abc import Callable, Sequence

from pytest_supercharger import prompting
from pytest_supercharger.context import Context
from pytest_supercharger.domain import Candidate, GeneratedTest, Question, QuestionKind, Stub

__all__ = ["Questioner"]

_MOST_SHOWN = 1500  # characters of tests


class Questioner:
    """Makes the questions of one stub; every one has a seed of its own that depends on nothing but the settings."""

    def __init__(self, stub: Stub, context: Context, *, seed: int, change: Callable[[Question], Question]) -> None:
        """`change` is other plugins' chance to ask something else."""
        self._stub = stub
        self._context = context
        self._seed = seed
        self._change = change
        self._asked: Counter[QuestionKind] = Counter()

    @property
    def asked(self) -> dict[str, int]:
        """How many questions of each kind were made; with the seed of the run they say every seed."""
        return {kind.value: number for kind, number in self._asked.items()}

    def code(self) -> Question:
        """Ask for an implementation; the wording changes from one question to the next, for diversity."""
        variant, seed = self._number(QuestionKind.CODE)
        return self._change(prompting.code_question(self._stub, self._context, variant=variant, seed=seed))

    def tests(self) -> Question:
        """Ask for a short test, from the specification only."""
        variant, seed = self._number(QuestionKind.TEST)
        return self._change(prompting.test_question(self._stub, self._context, variant=variant, seed=seed))

    def improved_tests(self, tests: Sequence[GeneratedTest]) -> Question:
        """Ask for a short test of what these leave out; no candidate is shown."""
        variant, seed = self._number(QuestionKind.IMPROVE_TEST)
        text = _shown(tests)
        return self._change(prompting.improve_question(self._stub, self._context, text, variant=variant, seed=seed))

    def expected(self, session: str) -> Question:
        """Ask for what one input gives; neither a candidate nor what one gives is shown."""
        _, seed = self._number(QuestionKind.EXPECT)
        return self._change(prompting.expected_question(self._stub, self._context, session, seed=seed))

    def repair(self, candidate: Candidate, failing_test: str, failure: str) -> Question:
        """Ask for a better version of a candidate, with one failing test and what happened."""
        variant, seed = self._number(QuestionKind.REPAIR)
        written = _as_written(self._stub, candidate)
        return self._change(
            prompting.repair_question(
                self._stub, self._context, written, failing_test, failure, variant=variant, seed=seed
            )
        )

    def judge(self, candidate: Candidate) -> Question:
        """Ask whether a candidate is right."""
        return self._change(prompting.judge_question(self._stub, self._context, _as_written(self._stub, candidate)))

    def _number(self, kind: QuestionKind) -> tuple[int, int]:
        number = self._asked[kind]
        self._asked[kind] += 1
        key = f"{self._seed}:{self._stub.id}:{kind.value}:{number}"
        return number, int.from_bytes(hashlib.sha256(key.encode()).digest()[:6], "big")


def _shown(tests: Sequence[GeneratedTest]) -> str:
    """As many of the tests as there is room for, without their imports."""
    texts: list[str] = []
    for test in tests:
        lines = [line for line in test.source.splitlines() if not line.startswith(("import ", "from "))]
        text = "\n".join(lines).strip("\n")
        if text not in texts and sum(map(len, texts)) + len(text) <= _MOST_SHOWN:
            texts.append(text)
    return "\n\n".join(texts)


def _as_written(stub: Stub, candidate: Candidate) -> str:
    """The candidate as a model would have written it."""
    function = f"{stub.signature}:\n{textwrap.indent(candidate.body, '    ')}"
    return "\n\n".join(part for part in ("\n".join(candidate.imports), *candidate.helpers, function) if part)
