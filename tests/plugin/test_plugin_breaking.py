"""What breaks in the middle of a run: its stub is an error, and what was accepted is kept."""

from __future__ import annotations

import json

import pytest
from calc_project import TEST, filled, untouched, write
from fakes import STUB, FakeGenerator, agreeable, install

from pytest_supercharger.errors import SourceError
from pytest_supercharger.session import Session
from pytest_supercharger.solver import Solver
from pytest_supercharger.writeback import files


def test_an_error_nobody_foresaw_is_one_line(project, accepting, monkeypatch):
    def reach(self, sandbox):
        raise RuntimeError("surprise")

    monkeypatch.setattr(Session, "_reach", reach)
    result = project.runpytest_inprocess("--supercharge")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = result.stdout.str() + result.stderr.str()
    assert "supercharge failed: RuntimeError: surprise (test_plugin_breaking.py:" in said
    assert "please report this as a bug" in said
    assert "Traceback" not in said
    assert untouched(project)


@pytest.mark.parametrize(
    "hook",
    [
        "accept(outcome):\n    if outcome.stub.module == 'other':\n        raise KeyError('oh')\n",
        "question(question):\n    if 'other' in question.stub_id:\n        raise KeyError('oh')\n",
    ],
    ids=["accept", "question"],
)
def test_a_plugin_that_fails_on_one_stub_leaves_the_others_alone(project, accepting, hook):
    write(project, other=STUB)
    project.makepyfile(rude=f"def pytest_supercharge_{hook}")
    project.syspathinsert()
    result = project.runpytest_inprocess("--supercharge", "-p", "rude")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*other:double: error: internal error: KeyError: 'oh' (rude.py:3)"])
    assert filled(project)
    assert (project.path / "other.py").read_text() == STUB


def test_ctrl_c_in_one_stub_stops_them_all(project, accepting):
    write(project, other=STUB)
    project.makepyfile(rude="def pytest_supercharge_accept(outcome):\n    raise KeyboardInterrupt\n")
    project.syspathinsert()
    result = project.runpytest_inprocess("--supercharge", "-p", "rude", no_reraise_ctrlc=True)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert untouched(project)
    assert accepting.closed


@pytest.mark.parametrize("error", [RecursionError("too deep"), KeyError("x"), OSError("read timed out")])
def test_whatever_breaks_in_one_stub_is_that_stubs_error(project, accepting, monkeypatch, error):
    def start(self, stub, *args, real=Solver.__init__):
        if stub.module == "other":
            raise error
        real(self, stub, *args)

    write(project, other=STUB)
    monkeypatch.setattr(Solver, "__init__", start)
    result = project.runpytest_inprocess("--supercharge", "--supercharge-json=out.json")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    stubs = {entry["stub"]: entry for entry in json.loads((project.path / "out.json").read_text())["stubs"]}
    assert stubs["calc:double"]["decision"] == "accepted"
    assert stubs["other:double"]["decision"] == "error"
    assert stubs["other:double"]["reason"].startswith(f"internal error: {type(error).__name__}: ")


def broken(*args, **kwargs):
    raise OSError("no space left")


def loud(path):
    return f"def pytest_supercharge_written(outcome, path):\n    raise ValueError('{path}')\n"


@pytest.mark.parametrize("where", ["writeback.journal.clear", "jsonreport.write_json", "reporting.table", "hook"])
def test_nothing_ends_the_run_once_files_have_changed(project, accepting, monkeypatch, where):
    project.syspathinsert()
    project.makepyfile(rude="" if where != "hook" else loud("no space left"))
    if where != "hook":
        monkeypatch.setattr(f"pytest_supercharger.{where}", broken)
    result = project.runpytest_inprocess("--supercharge", "-p", "rude", "--supercharge-json=out.json")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert filled(project)
    result.assert_outcomes(passed=1, failed=1)  # the ordinary test, and what went wrong
    result.stdout.fnmatch_lines(["supercharge: the files are written, but *no space left*"])
    assert (project.path / "out.json").exists() == (where != "jsonreport.write_json")
    if where != "reporting.table":
        result.stdout.fnmatch_lines(["calc:double *accepted*", "-@supercharge"])


def test_a_file_that_could_not_be_written_beside_others_is_an_error_of_its_functions(pytester, accepting, monkeypatch):
    def apply(changes, real=files.apply):
        real(changes[:1])
        raise SourceError("cannot write the filled sources: disk full; written before that: calc.py")

    write(pytester, calc=STUB, other=STUB, test_calc=TEST)
    with monkeypatch.context() as patched:
        patched.setattr(files, "apply", apply)
        result = pytester.runpytest_inprocess("--supercharge")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*other:double: error: cannot write the filled sources: disk full*"])
    assert filled(pytester)
    assert (pytester.path / "other.py").read_text() == STUB
    install(monkeypatch, agreeable(), FakeGenerator())
    result = pytester.runpytest_inprocess("--supercharge")
    result.stdout.fnmatch_lines(["*other:double: kept from an interrupted run*"])
    assert "supercharge" not in (pytester.path / "other.py").read_text()


def test_an_interrupted_run_keeps_what_was_accepted(project, accepting, monkeypatch):
    """The join step is interrupted: nothing is written; the next run writes without a model."""

    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("pytest_supercharger.joining.join", interrupted)
        result = project.runpytest("--supercharge", no_reraise_ctrlc=True)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert untouched(project)
    install(monkeypatch, agreeable(), FakeGenerator())
    result = project.runpytest("--supercharge")
    assert result.ret == 0
    assert filled(project)
    result.stdout.fnmatch_lines(["*calc:double: kept from an interrupted run*"])


@pytest.mark.parametrize("what", ["return 'not ours'", "raise KeyError('oh')"])
def test_a_plugin_may_refuse_what_an_interrupted_run_kept(project, accepting, monkeypatch, what):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("pytest_supercharger.joining.join", interrupted)
        assert project.runpytest("--supercharge", no_reraise_ctrlc=True).ret == pytest.ExitCode.INTERRUPTED
    install(monkeypatch, agreeable(), FakeGenerator())
    project.makepyfile(rude=f"def pytest_supercharge_accept(outcome):\n    {what}\n")
    project.syspathinsert()
    result = project.runpytest_inprocess("--supercharge", "-p", "rude")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert untouched(project)
    result.stdout.fnmatch_lines(["*calc:double: what an interrupted run kept is refused by a plugin: *"])
