"""A plugin of your own: it says more to the model, refuses long bodies, and keeps a list of what was written.

    python -m pytest -p plugins.house_rules --supercharge
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_supercharger.domain import Outcome, Question

RULE = "Write plain Python that a beginner can read."
MOST_LINES = 20
LIST = Path("supercharged.txt")


def pytest_supercharge_question(question: Question) -> Question | None:
    """Add a sentence to every question for code; None leaves a question as it is."""
    if question.kind == "code":
        return replace(question, user=f"{question.user}\n\n{RULE}\n")
    return None


def pytest_supercharge_accept(outcome: Outcome) -> str | None:
    """Refuse a body by giving the reason; None lets it pass."""
    lines = len(outcome.candidate.body.splitlines()) if outcome.candidate else 0
    return f"{lines} lines, and {MOST_LINES} are allowed here" if lines > MOST_LINES else None


def pytest_supercharge_written(outcome: Outcome, path: Path) -> None:
    """Note what was written; the file has its new content by now."""
    with LIST.open("a", encoding="utf-8") as file:
        file.write(f"{outcome.stub.id} in {path.name}, probability {outcome.probability:.2f}\n")
