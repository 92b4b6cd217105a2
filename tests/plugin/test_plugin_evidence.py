"""Functions that are filled already: their evidence is checked or forgotten, and they are filled anew."""

from __future__ import annotations

import json

import pytest
from calc_project import write
from fakes import STUB, TESTS, FakeGenerator, agreeable, bodies, disagreeable, install

from pytest_supercharger.domain import PairResult, Verdict
from pytest_supercharger.sandbox.base import GateResult


@pytest.mark.parametrize("workers", [(), ("-n0",), ("-n2",)])
def test_check_fails_while_a_stub_is_left(project, accepting, workers):
    result = project.runpytest("--supercharge-check", *workers)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*calc.py:5: calc:double is not filled*"])


def test_check_replays_the_evidence_without_a_model(project, accepting, generator):
    project.runpytest("--supercharge")
    asked = len(generator.questions)
    result = project.runpytest("--supercharge-check")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*1 of 1 accepted functions pass their evidence*"])
    assert len(generator.questions) == asked


def test_check_says_that_code_was_edited_and_still_passes(project, accepting):
    project.runpytest("--supercharge")
    path = project.path / "calc.py"
    path.write_text(path.read_text().replace("    return", "    x = int(x)\n    return"))
    result = project.runpytest("--supercharge-check")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*edited by hand since it was accepted*"])


@pytest.mark.parametrize("flags", [("--collect-only",), ("--setup-plan",), ()])
def test_a_check_is_never_left_out_without_a_word(project, accepting, monkeypatch, flags):
    if not flags:
        monkeypatch.setenv("PYTEST_SUPERCHARGE_FILLED", str(project.path))
    result = project.runpytest("--supercharge-check", *flags)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --supercharge-check *; *"])


def test_forget_deletes_the_evidence_and_nothing_else(project, accepting):
    project.runpytest("--supercharge")
    path = project.path / ".supercharge/evidence/calc/double.json"
    before = (project.path / "calc.py").read_bytes()
    assert path.exists()
    wrong = project.runpytest("--supercharge-forget=calc:half")
    assert wrong.ret == pytest.ExitCode.USAGE_ERROR
    line = "ERROR: --supercharge-forget calc:half matches no function with evidence; there is evidence of calc:double"
    wrong.stderr.fnmatch_lines([line])
    assert path.exists()
    result = project.runpytest("--supercharge-forget=calc:*", "--supercharge-json=out.json", "-n2")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*calc:double: forgotten; .supercharge/evidence/calc/double.json is deleted"])
    assert not path.exists()
    assert (project.path / "calc.py").read_bytes() == before
    assert json.loads((project.path / "out.json").read_text())["forgotten"] == ["calc:double"]
    assert "test session starts" not in result.stdout.str()


AGAIN = "# twice as much\nimport calc_table\n\n" + STUB + '\n\ndef other(x):  # not to be touched\n    return {"x":x}\n'


def test_redo_fills_an_accepted_function_anew_or_leaves_it_as_it_is(project, accepting, generator, monkeypatch):
    write(project, calc=AGAIN, calc_table="")
    assert project.runpytest("--supercharge", "--supercharge-json=out.json").ret == 0
    path, evidence = project.path / "calc.py", project.path / ".supercharge/evidence/calc/double.json"
    path.write_text(path.read_text().replace("return x * 2\n", "y = x  # by hand\n    return y * 2\n"))
    edited, record = path.read_bytes(), evidence.read_bytes()
    assert b"by hand" in edited

    install(monkeypatch, disagreeable(), generator)
    result = project.runpytest("--supercharge-redo=calc:double", "--supercharge-json=out.json")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*1 stubs to fill", "*calc:double: abstained: *; the body that it has stays"])
    result.stdout.fnmatch_lines(["NOT REDONE calc.py*"])
    (entry,) = json.loads((project.path / "out.json").read_text())["stubs"]
    assert (entry["decision"], entry["redo"]) == ("abstained", True)
    assert (path.read_bytes(), evidence.read_bytes()) == (edited, record)

    codes = bodies("double", "x: int", "sum((x, x))", "x + x", "2 * x")
    install(monkeypatch, agreeable(), FakeGenerator(code=codes, test=TESTS))
    result = project.runpytest("--supercharge-redo=calc:*", "--supercharge-patch=redo.patch")
    assert result.ret == 0
    assert (path.read_bytes(), evidence.read_bytes()) == (edited, record)
    assert project.runpytest("--supercharge-redo=calc:*").ret == 0
    written = path.read_bytes()
    path.write_bytes(edited)
    project.run("git", "init", "-q", ".")
    assert project.run("git", "apply", "redo.patch").ret == 0
    assert evidence.read_bytes() != record
    before, _, after = edited.partition(b"    y = x  # by hand\n    return y * 2\n")
    for new in (written, path.read_bytes()):
        assert new.startswith(before + b"    return ")
        assert new.endswith(after)
        assert b"by hand" not in new


def test_check_fails_when_the_evidence_fails(project, accepting, monkeypatch):
    project.runpytest("--supercharge")
    install(monkeypatch, disagreeable(), None)
    assert project.runpytest("--supercharge-check").ret == pytest.ExitCode.TESTS_FAILED


def test_check_fails_when_a_project_test_no_longer_runs(project, monkeypatch, generator):
    node = "test_calc.py::test_double"
    stopped = PairResult(verdict=Verdict.FAIL, reached=frozenset({"calc:double"}))
    passed = PairResult(verdict=Verdict.PASS)
    gate = lambda overlay, nodeids: GateResult(tests={node: passed if overlay else stopped})  # noqa: E731
    install(monkeypatch, agreeable(gate=gate), generator)
    assert project.runpytest("--supercharge").ret == 0
    broken = GateResult(errors={"test_calc.py": "ImportError: no module named gone"})
    install(monkeypatch, agreeable(gate=lambda overlay, nodeids: broken), None)
    result = project.runpytest("--supercharge-check")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*calc:double: test_calc.py fails: ImportError*"])
