"""A run without containers and without a model: for tests of what pytest sees of it."""

from __future__ import annotations

import re
import threading
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

from pytest_supercharger.domain import Answer, FinishReason, Output, OutputKind, Verdict
from pytest_supercharger.errors import NodeError
from pytest_supercharger.sandbox.base import GateResult
from pytest_supercharger.sandbox.fake import FakeSandbox


class Answers:
    """Answers that are all there already."""

    def __init__(self, items):
        self._items = items

    def __iter__(self):
        return self._items

    def close(self):
        self._items.close()

    def cancel(self):
        pass


class FakeGenerator:
    """Answers every question from a list of texts a kind, round and round."""

    max_context_tokens = 4096
    max_batch_samples = 32
    model = "scripted"
    identities = frozenset({"sha256:1"})
    word: float | None = 0.5  # of the judge

    def __init__(self, **texts):
        self.texts = {kind: [f"```python\n{text}```\n" for text in some] for kind, some in texts.items()}
        self.models = {"sha256:1": self.model}
        self.wrote = {}  # kind of question -> digest of the model that answers it, where it is another one
        self.asked = Counter()
        self.questions = []
        self.judged = []
        self.closed = False
        self._lock = threading.Lock()

    def generate(self, questions, *, samples, first_sample=0, deadline_seconds):
        return Answers(self._generate(questions, samples, first_sample))

    def _generate(self, questions, samples, first_sample):
        for index, question in enumerate(questions):
            with self._lock:
                self.questions.append(question)
            texts = self.texts.get(question.kind.value, [])
            for sample in range(samples if texts else 0):
                with self._lock:
                    number = self.asked[question.kind]
                    self.asked[question.kind] += 1
                yield (
                    index,
                    Answer(
                        text=texts[number % len(texts)],
                        finish_reason=FinishReason.EOS,
                        sample_index=first_sample + sample,
                        model=self.wrote.get(question.kind.value, "sha256:1"),
                    ),
                )

    def judge(self, questions, *, deadline_seconds):
        self.judged += questions
        if self.word is None:
            raise NodeError("there is no judge")
        return [self.word] * len(questions)

    def exhausted(self, question):
        return not self.texts.get(question.kind.value)

    def close(self):
        self.closed = True


def is_open(overlay, test):
    """Whether a function that a test calls is still a stub: nobody has put a body into its file."""
    texts = [*overlay.values()] or [path.read_bytes() for path in Path().glob("*.py")]
    stubs = {name for text in texts for name in re.findall(r"@supercharge.*\n\s*(?:async )?def (\w+)", text.decode())}
    return not texts or any(re.search(rf"\b{name}\(", test.source) for name in stubs)


def filled(overlay, test):
    """Every test passes on code, and none on an empty stub."""
    return Verdict.FAIL if is_open(overlay, test) else Verdict.PASS


def agreeable(**more):
    """A sandbox in which every test of code passes and every candidate gives the same value on every input."""
    settings = {
        "judge": filled,
        "evaluate": lambda overlay, module, probe: Output(kind=OutputKind.VALUE, text=probe.id, preview=probe.id),
        "gate": lambda overlay, nodeids: GateResult(),
    }
    return FakeSandbox(**(settings | more))


def disagreeable():
    """A sandbox in which every test fails."""
    return agreeable(judge=lambda overlay, test: Verdict.FAIL)


def install(monkeypatch, sandbox, generator):
    """Put both in the place of Docker and of the nodes."""

    @contextmanager
    def opened(self):
        yield generator

    def reopened(self, project):
        sandbox.closed = False
        return sandbox

    monkeypatch.setattr("pytest_supercharger.run.Run._sandbox", reopened)
    monkeypatch.setattr("pytest_supercharger.run.Run._generator", opened)


def bodies(name, parameters, *expressions):
    """Whole answers for a function: one a given expression."""
    return [f"def {name}({parameters}):\n    return {expression}\n" for expression in expressions]


# One stub, and answers for it, for tests of the plugin as a whole.
STUB = '''\
from pytest_supercharger import supercharge


@supercharge
def double(x: int) -> int:
    """Return twice x.

    >>> double(2)
    4
    """
    raise NotImplementedError
'''
CODES = [
    *bodies("double", "x: int", "x * 2", "x + x", "2 * x"),
    "def double(x: int) -> int:\n    y = x\n    return y + x\n",
]
TESTS = [
    "def test_one():\n    assert double(1) == 2\n",
    "def test_two():\n    assert double(0) == 0\n    assert double(-3) == -6\n",
]
