"""The failed reports that a run adds to pytest's own, so that terminal, JUnit and exit status all tell them.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import pytest

from pytest_supercharger import reporting
from pytest_supercharger.domain import Outcome

__all__ = ["StubReport", "of_problem", "of_stub"]


class StubReport(pytest.TestReport):
    """The failed report of a stub that stayed open, or of a function that was to be filled anew and was not."""

    word: str  # of the summary


def of_stub(outcome: Outcome) -> StubReport:
    """The report of a stub that was not filled."""
    stub = outcome.stub
    return StubReport(
        nodeid=f"{stub.relpath}::{stub.label}",
        location=(stub.relpath, stub.line - 1, stub.label),
        keywords={},
        outcome="failed",
        longrepr=reporting.explain(outcome),
        when="call",
        duration=outcome.seconds,
        word="NOT REDONE" if outcome.redo else "STUB OPEN",
    )


def of_problem(problem: str, number: int) -> pytest.TestReport:
    """The report of what no stub is to blame for."""
    name = f"after writing {number}"
    return pytest.TestReport(
        nodeid=f"supercharge::{name}",
        location=("supercharge", None, name),
        keywords={},
        outcome="failed",
        longrepr=problem,
        when="call",
    )
