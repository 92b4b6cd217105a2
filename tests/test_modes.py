"""Each mode, and each of pytest's options that people give beside it, without xdist's workers and with them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from fakes import CODES, STUB, TESTS, FakeGenerator, agreeable, install

CHECKS = """\
import pytest

from calc import double

def test_double():
    assert double(21) == 42

@pytest.mark.slow
def test_zero():
    assert double(0) == 0
    print("zero is zero")
"""
WORKERS = [(), ("-n0",), ("-n2",)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A command line, and what has to come of it."""

    flags: str
    status: int = 0
    filled: bool = True
    passed: int | None = None  # ordinary tests; None: no ordinary run follows
    lines: tuple[str, ...] = ()
    after_filling: bool = False  # the project was filled by an earlier run
    searches: int = 1  # more than one with workers would be one a process


FILLED = "*calc:double: accepted*"
CASES = {
    "fill": Case(flags="--supercharge", passed=2, lines=("*1 stubs to fill*", FILLED)),
    "dry run": Case(flags="--supercharge-dry-run", filled=False, lines=("-@supercharge", "+    return *")),
    "patch": Case(flags="--supercharge-patch=fill.patch", filled=False, lines=("*fill.patch*",)),
    "check": Case(
        flags="--supercharge-check", searches=0, after_filling=True, lines=("*1 of 1 accepted functions pass*",)
    ),
    "check, open": Case(
        flags="--supercharge-check", searches=0, filled=False, status=1, lines=("*calc:double is not filled*",)
    ),
    "redo": Case(flags="--supercharge-redo=calc:*", after_filling=True, passed=2, lines=(FILLED,)),
    "forget": Case(
        flags="--supercharge-forget=calc:*", searches=0, after_filling=True, lines=("*calc:double: forgotten; *",)
    ),
    "show prompt": Case(flags="--supercharge-show-prompt", searches=0, filled=False, lines=("--- user",)),
    "only": Case(flags="--supercharge --supercharge-only=calc:*", passed=2),
    "only, nothing": Case(flags="--supercharge --supercharge-only=no:*", searches=0, status=4, filled=False),
    "-k": Case(flags="--supercharge -k double", passed=1),
    "-k, dry run": Case(flags="--supercharge-dry-run -k nothing", filled=False, lines=("-@supercharge",)),
    "-m": Case(flags="--supercharge -m slow", passed=1),
    "--lf": Case(flags="--supercharge --lf", passed=2),
    "-x": Case(flags="--supercharge -x", passed=2),
    "-q": Case(flags="--supercharge -q", passed=2),
    "-v": Case(flags="--supercharge -v", passed=2, lines=("*test_calc.py::test_double*",)),
    "-s": Case(flags="--supercharge -s", passed=2),
    "--cov": Case(flags="--supercharge --cov=calc", passed=2, lines=("calc.py *100%",)),
    "no cache": Case(flags="--supercharge -p no:cacheprovider", passed=2),
    "no doctest": Case(flags="--supercharge -p no:doctest", passed=2),
    "collect only": Case(
        flags="--supercharge --collect-only", searches=0, filled=False, lines=("  calc:double (calc.py:5)",)
    ),
    "path": Case(flags="--supercharge test_calc.py::test_zero", passed=1),
}


@pytest.fixture
def project(pytester, monkeypatch):
    monkeypatch.delenv("PYTEST_SUPERCHARGE_FILLED", raising=False)
    monkeypatch.syspath_prepend(pytester.path)  # also forgets, at the end, what was imported from there
    pytester.makeini("[pytest]\nmarkers = slow: takes long\n")
    for name, text in {"calc": STUB, "test_calc": CHECKS}.items():
        (pytester.path / f"{name}.py").write_text(text, encoding="utf-8")
    install(monkeypatch, agreeable(), FakeGenerator(code=CODES, test=TESTS))
    return pytester


@pytest.mark.parametrize("workers", WORKERS, ids=["in_process", "n0", "n2"])
@pytest.mark.parametrize("case", CASES.values(), ids=[name.replace(" ", "_").replace(",", "") for name in CASES])
def test_modes_and_options_do_the_same_with_and_without_workers(project, case, workers):
    if case.after_filling:
        assert project.runpytest("--supercharge-only=calc:*", "--supercharge").ret == 0
    result = project.runpytest(*case.flags.split(), *workers)
    shown = result.stdout.str()
    assert result.ret == case.status, shown + result.stderr.str()
    assert ("@supercharge" not in (project.path / "calc.py").read_text(encoding="utf-8")) is case.filled
    result.stdout.fnmatch_lines(case.lines)
    counts = result.parseoutcomes() if case.passed is not None else {}
    assert counts.get("passed") == case.passed
    assert not {"failed", "errors"} & set(counts)
    assert ("passed" in shown) is (case.passed is not None)
    assert shown.count("1 stubs to fill") == case.searches


def test_a_run_without_xdist_fills_as_well(project):
    result = project.runpytest("--supercharge", "-p", "no:xdist")
    assert result.ret == 0
    result.assert_outcomes(passed=2)


def test_without_the_plugin_its_flags_are_unknown(project):
    result = project.runpytest("--supercharge", "-p", "no:supercharger")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*unrecognized arguments: --supercharge*"])
