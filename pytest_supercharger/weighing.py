"""Weighs what is known of a stub, and has the tests proven that an acceptance would rest on."""

from __future__ import annotations

from collections.abc import Callable

from pytest_supercharger.agreement import Assessment

__all__ = ["weigh"]


def weigh(assess: Callable[[], Assessment], prove: Callable[[str], bool]) -> Assessment:
    """The assessment of all candidates; `prove` finds out what the tests of one tell apart, and says if that is news.

    That costs about as much as some more candidates, so it is asked only where everything seems to suffice.
    """
    assessment = assess()
    while assessment.best is not None and not assessment.unmet and prove(assessment.best):
        assessment = assess()
    return assessment
