"""The hooks of other plugins, as a session calls them.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytest_supercharger import session
from pytest_supercharger.domain import Outcome, Question

__all__ = ["of"]


def of(hook: Any) -> session.Hooks:
    """What implements `hookspecs` in this run; `hook` is the relay of pytest's configuration."""

    def question(asked: Question) -> Question:
        changed: Question | None = hook.pytest_supercharge_question(question=asked)
        return asked if changed is None else changed

    def refuse(outcome: Outcome) -> str | None:
        reason: str | None = hook.pytest_supercharge_accept(outcome=outcome)
        return reason

    def written(outcome: Outcome, path: Path) -> None:
        hook.pytest_supercharge_written(outcome=outcome, path=path)

    return session.Hooks(question=question, refuse=refuse, written=written)
