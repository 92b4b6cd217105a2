"""What an answer became and what of it is right: code by the reference's results, a test by passing the reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cleaning import ways
from cleaning.answers import Raw
from solving.judging import Judge

from pytest_supercharger import finding
from pytest_supercharger.calibrating.tasks import Task
from pytest_supercharger.domain import Answer, Candidate, GeneratedTest, Rejection, Verdict
from pytest_supercharger.sandbox.base import Sandbox
from pytest_supercharger.writeback.edits import fill
from tuning.asking import Drawn
from tuning.samples import Sample, cut

__all__ = ["Bench"]

Part = Candidate | GeneratedTest


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What the answers of all tasks are judged with."""

    work: finding.Work
    sandbox: Sandbox
    limits: Mapping[str, tuple[int, ...]]  # by kind

    def samples(self, task: Task, judge: Judge, answers: Sequence[Drawn]) -> list[Sample]:
        """The answers about one task, judged.

        Raises:
            TaskError: the sandbox gave no verdict.
        """
        made = [(drawn, self._parts(drawn, drawn.answer)) for drawn in answers]
        parts = {part.id: part for _, found in made for part in found}
        right = self._right_codes(task, judge, parts) | self._right_tests(task, parts)
        return [self._sample(task, drawn, tuple(part.id for part in found), right) for drawn, found in made]

    def _parts(self, drawn: Drawn, answer: Answer) -> list[Part]:
        """A code, or its first reading where there are several; all tests."""
        stub = drawn.asked.stub
        cleaned = ways.ours(
            Raw(kind=drawn.asked.kind, stub=stub, source=self.work.sources[stub.relpath], answer=answer)
        )
        if isinstance(cleaned, Rejection):
            return []
        found = [part for part in cleaned if not isinstance(part, Rejection)]
        return found[:1] if drawn.asked.kind == "code" else found

    def _right_codes(self, task: Task, judge: Judge, parts: dict[str, Part]) -> frozenset[str]:
        source = self.work.sources[task.relpath].data
        (stub,) = (stub for stub in self.work.stubs if stub.id == task.stub_id)
        codes = [part for part in parts.values() if isinstance(part, Candidate)]
        return frozenset(code.id for code in codes if judge.right(fill(source, [(stub, code)])))

    def _right_tests(self, task: Task, parts: dict[str, Part]) -> frozenset[str]:
        tests = [part for part in parts.values() if isinstance(part, GeneratedTest)]
        results = self.sandbox.run_tests({task.relpath: task.reference.encode()}, tests) if tests else {}
        return frozenset(key for key, result in results.items() if result.verdict is Verdict.PASS)

    def _sample(self, task: Task, drawn: Drawn, parts: tuple[str, ...], right: frozenset[str]) -> Sample:
        answer = drawn.answer
        return Sample(
            task=task.id,
            kind=drawn.asked.kind,
            temperature=drawn.temperature,
            tokens=answer.num_tokens,
            finish=answer.finish_reason,
            parts=parts,
            right=right.intersection(parts),
            left=dict(self._left(drawn, right.intersection(parts))),
        )

    def _left(self, drawn: Drawn, right: frozenset[str]) -> Iterator[tuple[int, int]]:
        for limit in self.limits[drawn.asked.kind]:
            if right and limit < drawn.answer.num_tokens:
                shorter = cut(drawn.answer, drawn.asked.question.assistant_prefix, limit)
                yield limit, sum(part.id in right for part in self._parts(drawn, shorter))
