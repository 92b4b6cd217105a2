"""What code is checked with: one of each for a whole run, so that nothing is fetched, learnt or said twice."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_supercharger.dependencies import Dependencies
from pytest_supercharger.ledger import Ledger
from pytest_supercharger.projecttests import ProjectTests
from pytest_supercharger.splitting import Splitting

__all__ = ["Bench"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The parts that every search of a run, the recall before them and the joining after them share."""

    tests: ProjectTests
    ledger: Ledger
    splitting: Splitting
    dependencies: Dependencies
