"""A solver for one stub above a scripted model and a scripted sandbox."""

from __future__ import annotations

import io
import threading
from pathlib import Path

from fakes import FakeGenerator, bodies

from pytest_supercharger import stubs
from pytest_supercharger.bench import Bench
from pytest_supercharger.calibration import SHIPPED
from pytest_supercharger.clean.layout import Style
from pytest_supercharger.dependencies import Dependencies
from pytest_supercharger.domain import PairResult, SourceFile, Verdict
from pytest_supercharger.ledger import Ledger
from pytest_supercharger.options import Settings
from pytest_supercharger.projecttests import ProjectTests
from pytest_supercharger.reporting import Reporter
from pytest_supercharger.sandbox.base import GateResult
from pytest_supercharger.services import Services
from pytest_supercharger.solver import Solver
from pytest_supercharger.splitting import Splitting

SOURCE = SourceFile(
    path=Path("/p/calc.py"),
    relpath="calc.py",
    module="calc",
    data=b'''\
from pytest_supercharger import supercharge


@supercharge
def double(x: int) -> int:
    """Return twice x.

    >>> double(2)
    4
    """
    raise NotImplementedError
''',
)
CODES = bodies("double", "x: int", "x * 2", "x + x", "2 * x", "sum([x, x])")
TESTS = ["def test_one():\n    assert double(1) == 2\n", "def test_two():\n    assert double(0) == 0\n"]
SPOKEN, STOPPED, SKIPPED = "t.py::test_spoken", "t.py::test_stopped", "t.py::test_skipped"


def gate(overlay, nodeids):
    """One test that passes with the stub filled, one that another open stub stops, one that is skipped."""
    mine = PairResult(verdict=Verdict.FAIL, reached=frozenset({"calc:double"}))
    other = PairResult(verdict=Verdict.FAIL, reached=frozenset({"calc:other"}))
    spoken, stopped = (PairResult(verdict=Verdict.PASS), other) if overlay else (mine, mine)
    return GateResult(tests={SPOKEN: spoken, STOPPED: stopped}, skipped=frozenset({SKIPPED}))


def solver(
    sandbox, *, codes=CODES, tests=TESTS, install=(), settings=None, generator=None, calibration=SHIPPED, **texts
):
    found = stubs.find(SOURCE)
    project_tests = ProjectTests(sandbox, None)
    project_tests.discover()
    services = Services(
        generator=generator or FakeGenerator(code=codes, test=tests, **texts),
        bench=Bench(
            splitting=Splitting(sandbox),
            tests=project_tests,
            ledger=Ledger({"calc.py": SOURCE}, found),
            dependencies=Dependencies(sandbox, install, ask=lambda module: None),
        ),
        reporter=Reporter(io.StringIO()),
        clock=lambda: 0.0,
        question=lambda question: question,
        style=Style(),
        neighbours=lambda source: {},
        turn=threading.Semaphore(1),
        calibration=calibration,
    )
    return Solver(found[0], SOURCE, services, settings or Settings())
