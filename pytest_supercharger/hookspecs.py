"""Hooks for other plugins; implement them in an installed plugin or one given with `-p`.

PYTEST_DONT_REWRITE: conftest files are too late, because stubs are filled before any of them is loaded.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_supercharger.domain import Outcome, Question


@pytest.hookspec(firstresult=True)
def pytest_supercharge_question(question: Question) -> Question | None:
    """Return another question to ask the model instead of this one, or None to keep it."""


@pytest.hookspec(firstresult=True)
def pytest_supercharge_accept(outcome: Outcome) -> str | None:
    """Return a reason to refuse an outcome that is about to be accepted, or None to let it pass."""


@pytest.hookspec
def pytest_supercharge_written(outcome: Outcome, path: Path) -> None:
    """Called after an accepted function was written into its file."""
