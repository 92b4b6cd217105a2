"""The search for one stub, from questions to its outcome, above a scripted model and a scripted sandbox."""

from __future__ import annotations

import io
import threading
from pathlib import Path

from fakes import FakeGenerator, agreeable, bodies

from pytest_supercharger import stubs
from pytest_supercharger.bench import Bench
from pytest_supercharger.checker import Checker
from pytest_supercharger.clean.layout import Style
from pytest_supercharger.dependencies import Dependencies
from pytest_supercharger.domain import Decision, PairResult, SourceFile, Verdict
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


def solver(sandbox, *, codes=CODES, tests=TESTS, install=()):
    found = stubs.find(SOURCE)
    project_tests = ProjectTests(sandbox, None)
    project_tests.discover()
    services = Services(
        generator=FakeGenerator(code=codes, test=tests),
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
    )
    return Solver(found[0], SOURCE, services, Settings())


def test_the_evidence_names_the_project_tests_that_passed_and_no_others():
    searching = solver(agreeable(gate=gate))
    outcome = searching.solve()
    assert outcome.decision is Decision.ACCEPTED
    record = searching.record(outcome)
    assert record.gate == (SPOKEN,)
    generated = len(record.tests) - 1  # one is the example of the docstring
    assert outcome.tests == 1 + generated + 1


def needy(text):
    """A code that takes a module of its own."""
    return f"import yaml\n\n\ndef double(x: int) -> int:\n    return yaml.load({text})\n"


def lacking_yaml():
    sandbox = agreeable(gate=gate)
    sandbox.lacking = frozenset({"yaml"})
    return sandbox


def test_code_that_needs_what_is_not_installed_is_not_run_and_says_so():
    sandbox = lacking_yaml()
    outcome = solver(sandbox, codes=[needy("x"), needy("x + x")], tests=["import yaml\n\n" + TESTS[0]]).solve()
    assert outcome.decision is Decision.ABSTAINED
    reasons = [reason for reason in outcome.rejections if reason.startswith("missing_dependency: needs PyYAML")]
    assert len(reasons) == 1
    assert "allow it with --supercharge-install PyYAML" in outcome.reason
    assert not [call for call in sandbox.calls if call[0] in ("tests", "probe")]


def test_code_that_got_what_it_needs_says_so_and_leaves_it_in_its_evidence():
    codes = [needy(text) for text in ("x * 2", "x + x", "2 * x", "sum([x, x])")]
    searching = solver(lacking_yaml(), codes=codes, install=["PyYAML"])
    outcome = searching.solve()
    assert outcome.decision is Decision.ACCEPTED
    assert outcome.needs == ("PyYAML",)
    assert "it needs PyYAML: add it to the project's dependencies" in outcome.reason
    assert searching.record(outcome).wheels == {"PyYAML-1-py3-none-any.whl": "0" * 64}


def test_nothing_is_accepted_on_the_part_that_was_run_in_time(monkeypatch):
    searching = solver(agreeable(gate=gate))
    add_tests = Checker.add_tests

    def cut_short(checker, new):
        add_tests(checker, new)
        checker.cut_short = True

    monkeypatch.setattr(Checker, "add_tests", cut_short)
    outcome = searching.solve()
    assert outcome.decision is Decision.ABSTAINED
    assert outcome.reason == "the 300 s for this stub were spent before everything was run"


def test_two_readings_of_a_broken_answer_are_two_candidates_and_one_sample():
    broken = "def double(x: int) -> int:\n    if x:\n        x += x\n      return x\n    return 0\n"
    searching = solver(agreeable(gate=gate), codes=[broken])
    outcome = searching.solve()
    assert outcome.candidates == 2
    answers_to_tests = searching._matrix.test_answers
    assert outcome.duplicates == outcome.samples - answers_to_tests - 1  # every code but the first
