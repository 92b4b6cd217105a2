"""What keeps a run from filling is one line with the next step, and its exit status."""

from __future__ import annotations

from pathlib import Path

import pytest
from calc_project import filled, untouched, write
from fakes import CODES, STUB, TESTS, FakeGenerator, agreeable, install


@pytest.mark.parametrize(
    "bad", ["supercharge_confidence = high", "supercharge_nodes = nowhere", "supercharge_samples = 0"]
)
def test_a_wrong_ini_value_breaks_only_runs_with_the_flag(project, accepting, bad):
    (project.path / "calc.py").write_text("def double(x):\n    return x * 2\n")
    project.makeini(f"[pytest]\n{bad}\n")
    assert project.runpytest().ret == 0
    result = project.runpytest("--supercharge")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {bad.partition(' ')[0]} is *; give *"])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_a_patch_that_cannot_be_written_is_one_line_with_status_4(project, accepting):
    result = project.runpytest("--supercharge-patch=/dev/full")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*/dev/full cannot be written (No space left on device); give --supercharge-patch*"])


def test_a_module_that_is_already_imported_asks_for_a_second_run(project, accepting):
    project.syspathinsert()
    project.makepyfile(early="import calc\n")
    result = project.runpytest("--supercharge", "-p", "early")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*calc.py was imported before it was filled; run pytest again*"])
    assert filled(project)


def test_an_installed_copy_is_refused(project, accepting, monkeypatch):
    elsewhere = project.mkdir("elsewhere")
    (elsewhere / "pkg").mkdir()
    (elsewhere / "pkg" / "__init__.py").write_text("")
    source = project.path / "src" / "pkg"
    source.mkdir(parents=True)
    (source / "__init__.py").write_text("")
    (source / "mod.py").write_text(STUB)
    (elsewhere / "pkg" / "mod.py").write_text(STUB)
    (project.path / "calc.py").unlink()
    (project.path / "test_calc.py").unlink()
    (project.path / "pytest.ini").write_text("[pytest]\nnorecursedirs = elsewhere\n")
    monkeypatch.syspath_prepend(str(elsewhere))
    result = project.runpytest("--supercharge")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: pkg.mod would be imported from *elsewhere*pip install -e .*"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (STUB.replace("raise NotImplementedError", "return x"), "*calc.py:5*marked but has a body*"),
        ("from pytest_supercharger import supercharge\n\ndef broken(:\n", "*calc.py:3*"),
        (STUB.partition('    """')[0] + "    ...\n", "*calc.py:5*docstring*"),
        (STUB.replace("@supercharge\n", "@supercharge(speed=3)\n"), "*calc.py:5*speed*"),
    ],
    ids=["has a body", "does not parse", "no docstring", "unknown option"],
)
def test_what_cannot_be_a_stub_is_one_line_with_status_4(pytester, accepting, text, message):
    write(pytester, calc=text)
    result = pytester.runpytest("--supercharge")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in result.errlines if line.startswith("ERROR")]
    assert pytest.LineMatcher([line]).fnmatch_lines([message]) is None
    assert (pytester.path / "calc.py").read_text() == text


def test_a_read_only_file_is_refused_before_a_model_is_asked(project, accepting, generator):
    (project.path / "calc.py").chmod(0o444)
    result = project.runpytest("--supercharge")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: calc.py*read-only*"])
    assert generator.questions == []


def test_a_file_that_changed_meanwhile_is_not_written(project, accepting, monkeypatch):
    path = project.path / "calc.py"

    def gate(overlay, nodeids):
        from pytest_supercharger.sandbox.base import GateResult

        path.write_text(STUB + "\n# edited meanwhile\n")
        return GateResult()

    install(monkeypatch, agreeable(gate=gate), FakeGenerator(code=CODES, test=TESTS))
    result = project.runpytest("--supercharge")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *calc.py*changed*"])
    assert path.read_text() == STUB + "\n# edited meanwhile\n"


def test_a_node_that_is_down_is_one_line_with_status_4(project, monkeypatch):
    monkeypatch.setattr("pytest_supercharger.run.Run._sandbox", lambda self, project: agreeable())
    result = project.runpytest("--supercharge", "--supercharge-node", "127.0.0.1:1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: model node 127.0.0.1:1 is not reachable; start it with *supercharger-node*"])
    assert untouched(project)


def test_no_docker_is_one_line_with_status_4_and_nothing_runs_on_the_host(project, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    result = project.runpytest("--supercharge", "--supercharge-node", "127.0.0.1:1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: Docker is not reachable*"])
    assert untouched(project)
