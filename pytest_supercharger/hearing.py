"""The assessment of one stub as its model's calibration has it, the judge heard where its word has a weight."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from pytest_supercharger import agreement
from pytest_supercharger.agreement import Assessment
from pytest_supercharger.calibration import Calibration
from pytest_supercharger.domain import Candidate, Question
from pytest_supercharger.errors import NodeError
from pytest_supercharger.inflight import Generator
from pytest_supercharger.matrix import Matrix

__all__ = ["Hearing", "Model", "hear"]

_JUDGE_SECONDS = 60.0  # one prefill


class Model(Protocol):
    """Who answers, and what a probability is worth for it."""

    @property
    def generator(self) -> Generator: ...

    @property
    def calibration(self) -> Calibration: ...


def hear(generator: Generator, question: Question, seconds: float = _JUDGE_SECONDS) -> float | None:
    """P(yes) of the judge; None where it cannot be had, which counts for nothing."""
    try:
        scores = generator.judge([question], deadline_seconds=max(0.001, min(seconds, _JUDGE_SECONDS)))
    except NodeError:
        return None
    # Not a number is in no range.
    return scores[0] if len(scores) == 1 and 0.0 <= scores[0] <= 1.0 else None


class Hearing:
    """Assesses one search; each best candidate is judged once, and only where that could make it acceptable."""

    def __init__(
        self,
        matrix: Matrix,
        tau: float,
        model: Model,
        question: Callable[[Candidate], Question],
        left: Callable[[], float],
        authors: Mapping[str, str] | None = None,
    ) -> None:
        """`question` asks the judge about a candidate, `left` are the seconds of this stub.

        `authors` has the digest of the model that wrote each candidate.
        """
        self._authors = {} if authors is None else authors
        self._matrix = matrix
        self._tau = tau
        self._model = model
        self._question = question
        self._left = left
        self._judged: dict[str, float | None] = {}

    def assess(self) -> Assessment:
        """The assessment of all evidence so far."""
        found = self._assess()
        if found.best is None or found.best in self._judged or not self._could_matter(found):
            return found
        question = self._question(self._matrix.candidates[found.best])
        self._judged[found.best] = hear(self._model.generator, question, self._left())
        return self._assess()

    def _assess(self) -> Assessment:
        evidence, calibration = self._matrix.evidence(), self._model.calibration
        found = agreement.assess(evidence, tau=self._tau, calibration=calibration, judged=self._judged)
        # Which one is the best hangs on no calibration; how sure that is hangs on who wrote it.
        own = calibration.of(self._authors.get(found.best or "", ""))
        if own is calibration:
            return found
        return agreement.assess(evidence, tau=self._tau, calibration=own, judged=self._judged)

    def _could_matter(self, found: Assessment) -> bool:
        calibration = self._model.calibration
        return calibration.asks_judge and calibration.best_case(found.probability) >= self._tau
