"""What the searches of a run share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pytest_supercharger.bench import Bench
from pytest_supercharger.calibration import SHIPPED, Calibration
from pytest_supercharger.clean.layout import Style
from pytest_supercharger.domain import Question, SourceFile
from pytest_supercharger.inflight import Generator
from pytest_supercharger.joint_search import Table
from pytest_supercharger.reporting import Reporter

__all__ = ["Services"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What every solver of a run shares."""

    generator: Generator
    bench: Bench
    reporter: Reporter
    clock: Callable[[], float]
    question: Callable[[Question], Question]
    style: Style
    neighbours: Callable[[SourceFile], Mapping[str, SourceFile]]
    turn: threading.Semaphore  # how many stubs are worked on at once
    calibration: Calibration = SHIPPED
    stop: threading.Event = field(default_factory=threading.Event)
    table: Table = field(default_factory=Table)
