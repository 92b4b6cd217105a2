"""What a limit that ended a run makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_supercharger.domain import Verdict

if TYPE_CHECKING:
    from pytest_supercharger.sandbox.facts import Run

__all__ = ["stopped"]


def stopped(run: Run) -> tuple[Verdict, str] | None:
    """What a limit made of the run, None when it ended by itself."""
    if run.ooms:
        return Verdict.MEMORY, "used more memory than allowed"
    if run.limit in ("wall", "total") and run.starved:
        return Verdict.INFRA, f"the machine was too busy: {run.cpu:.1f} s of CPU in {run.wall:.1f} s"
    if run.limit == "output":
        return Verdict.FAIL, "sent more results than allowed"
    if run.limit:
        where = "while the module was imported" if run.lead else "in the test"
        return Verdict.TIMEOUT, f"stopped {where} after {run.cpu:.1f} s of CPU, {run.wall:.1f} s in all"
    return None
