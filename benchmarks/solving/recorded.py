"""A generator that answers from a record and asks the node only for what is missing in it."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pytest_supercharger.calibrating.lines import Lines
from pytest_supercharger.domain import Answer, FinishReason, Question
from pytest_supercharger.inflight import Answers, Generator

__all__ = ["Recorded", "Use"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One answer that was handed out: what it cost when it was made."""

    kind: str
    tokens: int
    begin: float
    end: float  # of time.time(), from asking to having
    live: bool  # made in this run


class Recorded:
    """Satisfies `inflight.Generator`; the node is opened when the first answer is missing."""

    def __init__(self, folder: Path, open_node: Callable[[], Any]) -> None:
        """`open_node` gives a node pool that is ready; `folder` holds the record."""
        self._lines = Lines(folder / "answers.jsonl")
        self._facts_file = folder / "node.json"
        self._open_node = open_node
        self._node: Any = None
        self._lock = threading.Lock()
        self._known = {(item["question"], item["sample"]): item for item in self._lines.items}
        self.used: dict[str, list[Use]] = defaultdict(list)  # stub id -> what was handed out in this run

    # -- what a generator is

    @property
    def max_context_tokens(self) -> int:
        """As the node said when the record was begun."""
        return int(self._facts()["max_context_tokens"])

    @property
    def max_batch_samples(self) -> int:
        """As the node said when the record was begun."""
        return int(self._facts()["max_batch_samples"])

    @property
    def model(self) -> str:
        """What made the answers."""
        return str(self._facts()["model"])

    @property
    def models(self) -> dict[str, str]:
        """None, as answers are kept without their digest."""
        return {}

    @property
    def identities(self) -> frozenset[str]:
        """None: what is measured here is the shipped fit."""
        return frozenset()

    def generate(
        self, questions: Sequence[Question], *, samples: int, first_sample: int = 0, deadline_seconds: float
    ) -> Answers:
        """Recorded answers first, then those of the node."""
        return _Stream(self, questions, range(first_sample, first_sample + samples), deadline_seconds)

    def exhausted(self, question: Question) -> bool:
        """Whether the node, where it was asked, has nothing left for such a question."""
        return self._node is not None and bool(self._node.exhausted(question))

    def close(self) -> None:
        """End what is asked of the node."""
        if self._node is not None:
            self._node.close()

    def judge(self, questions: Sequence[Question], *, deadline_seconds: float) -> list[float]:
        """P(yes), asked once."""
        return [self._judged(question, deadline_seconds) for question in questions]

    def _judged(self, question: Question, seconds: float) -> float:
        key = _key(question)
        with self._lock:
            known = self._known.get((key, 0))
        if known is None:
            begin = time.time()
            score = self.node().judge([question], deadline_seconds=seconds)[0]
            known = self._keep(question, 0, {"score": score, "begin": begin, "end": time.time(), "tokens": 0})
        return float(known["score"])

    # -- beyond generating

    def node(self) -> Generator:
        """The node itself, opened on first use."""
        with self._lock:
            if self._node is None:
                self._node = self._open_node()
                self._check()
        return self._node

    def recorded(self, question: Question, samples: Sequence[int]) -> list[Answer]:
        """What the record has of these samples, in the order in which it came; noted as used."""
        key = _key(question)
        with self._lock:
            items = [self._known[key, sample] for sample in samples if (key, sample) in self._known]
        items.sort(key=lambda item: item["end"])
        for item in items:
            self._note(question, item, live=False)
        return [
            Answer(
                text=item["text"],
                finish_reason=FinishReason(item["finish_reason"]),
                sample_index=item["sample"],
                num_tokens=item["tokens"],
                sum_logprob=item["sum_logprob"],
            )
            for item in items
        ]

    def keep(self, question: Question, answer: Answer, begin: float) -> None:
        """Put an answer of the node on record, noted as used."""
        fields = {
            "text": answer.text,
            "finish_reason": answer.finish_reason.value,
            "tokens": answer.num_tokens,
            "sum_logprob": answer.sum_logprob,
            "begin": begin,
            "end": time.time(),
        }
        self._note(question, self._keep(question, answer.sample_index, fields), live=True)

    def _keep(self, question: Question, sample: int, fields: dict[str, Any]) -> dict[str, Any]:
        asked = {**asdict(question), "kind": question.kind.value}
        item = {"question": _key(question), "sample": sample, **fields, "asked": asked}
        self._lines.add(item)
        with self._lock:
            self._known[item["question"], sample] = item
        return item

    def _note(self, question: Question, item: dict[str, Any], *, live: bool) -> None:
        use = Use(kind=question.kind.value, tokens=item["tokens"], begin=item["begin"], end=item["end"], live=live)
        with self._lock:
            self.used[question.stub_id].append(use)

    def _facts(self) -> dict[str, Any]:
        if not self._facts_file.exists():
            self.node()
        return dict(json.loads(self._facts_file.read_text("utf-8")))

    def _check(self) -> None:
        """One record, one model; called with the lock held."""
        names = ("model", "max_context_tokens", "max_batch_samples")
        facts = {name: getattr(self._node, name) for name in names}
        if not self._facts_file.exists():
            self._facts_file.write_text(json.dumps(facts) + "\n", "utf-8")
        recorded = json.loads(self._facts_file.read_text("utf-8"))["model"]
        if recorded != facts["model"]:
            folder = self._facts_file.parent
            raise SystemExit(f"{folder} holds answers of {recorded}, not of {facts['model']}; give another --out")


class _Stream:
    """Answers on their way; nothing is asked before the first `next`."""

    def __init__(self, owner: Recorded, questions: Sequence[Question], samples: range, seconds: float) -> None:
        self._owner = owner
        self._live: Answers | None = None
        self._cancelled = False
        self._seconds = seconds
        self._answers = self._run(questions, samples)

    def __iter__(self) -> Iterator[tuple[int, Answer]]:
        return self._answers

    def close(self) -> None:
        self._answers.close()

    def cancel(self) -> None:
        self._cancelled = True
        if self._live is not None:
            self._live.cancel()

    def _run(self, questions: Sequence[Question], samples: range) -> Any:
        for index, question in enumerate(questions):
            known = self._owner.recorded(question, samples)
            yield from ((index, answer) for answer in known)
            missing = sorted({*samples} - {answer.sample_index for answer in known})
            for first, count in _runs(missing):
                yield from ((index, answer) for answer in self._ask(question, first, count))

    def _ask(self, question: Question, first: int, count: int) -> Iterator[Answer]:
        begin = time.time()
        self._live = self._owner.node().generate(
            [question], samples=count, first_sample=first, deadline_seconds=self._seconds
        )
        if self._cancelled:
            self._live.cancel()
        try:
            for _, answer in self._live:
                self._owner.keep(question, answer, begin)
                yield answer
        finally:
            self._live.close()


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and length of each run of consecutive numbers."""
    start = 0
    for i in range(1, len(numbers) + 1):
        if i == len(numbers) or numbers[i] != numbers[i - 1] + 1:
            yield numbers[start], i - start
            start = i


def _key(question: Question) -> str:
    fields = {**asdict(question), "kind": question.kind.value}
    del fields["priority"]  # when it is answered changes no answer
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:32]
