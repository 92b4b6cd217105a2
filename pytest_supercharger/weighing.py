"""Weighs what is known of a stub, and has the tests proven that an acceptance would rest on."""

from __future__ import annotations

from collections.abc import Callable

from pytest_supercharger.agreement import Assessment, assess
from pytest_supercharger.matrix import Matrix

__all__ = ["weigh"]


def weigh(matrix: Matrix, prove: Callable[[str], bool], *, tau: float) -> Assessment:
    """The assessment of all candidates; `prove` finds out what the tests of one tell apart, and says if that is news.

    It costs about as much as some more candidates, so it is asked only where everything seems to suffice.
    """
    assessment = assess(matrix.evidence(), tau=tau)
    while assessment.best is not None and not assessment.unmet and prove(assessment.best):
        assessment = assess(matrix.evidence(), tau=tau)
    return assessment
