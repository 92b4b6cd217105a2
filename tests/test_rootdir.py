"""Values of our flags are never taken for paths to tests."""

from __future__ import annotations

import sys

import pytest

from pytest_supercharger.rootdir import joined

STUB = '''\
from pytest_supercharger import supercharge


@supercharge
def double(x: int) -> int:
    """Return twice x."""
    raise NotImplementedError
'''


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (["--supercharge-json", "a.json"], ("--supercharge-json=a.json",)),
        (["-q", "--supercharge-only", "a:*", "tests"], ("-q", "--supercharge-only=a:*", "tests")),
        (["--supercharge", "tests"], ("--supercharge", "tests")),
        (["--supercharge-json=a", "b"], ("--supercharge-json=a", "b")),
        (["--", "--supercharge-json", "a"], ("--", "--supercharge-json", "a")),
        (["--supercharge-json"], ("--supercharge-json",)),
    ],
)
def test_flags_and_their_values_become_one_word(given, wanted):
    assert joined(given) == wanted


@pytest.fixture
def project(pytester):
    folder = pytester.mkdir("project")
    (folder / "calc.py").write_text(STUB)
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -q\n")
    (pytester.path / "elsewhere.json").write_text("{}")
    return folder


def test_a_file_elsewhere_that_exists_does_not_move_the_root(pytester, project, monkeypatch):
    monkeypatch.chdir(project)
    result = pytester.run(
        sys.executable, "-m", "pytest", "--supercharge", "--collect-only", "--supercharge-json", "../elsewhere.json"
    )
    result.stdout.fnmatch_lines(["supercharge: 1 stubs", "*calc:double (calc.py:5)"])


def test_values_that_cannot_be_names_of_files_are_nothing_but_values(pytester, project, monkeypatch):
    monkeypatch.chdir(project)
    arguments = ("--supercharge", "--collect-only", "--supercharge-only", "*" * 5000, "--supercharge-model", "a\nb")
    result = pytester.runpytest_inprocess(*arguments)
    result.stdout.fnmatch_lines(["supercharge: 1 stubs"])


def test_where_pytest_was_called_from_python_one_line_says_what_to_write(pytester, project, monkeypatch):
    monkeypatch.chdir(project)
    result = pytester.runpytest_inprocess("--supercharge", "--collect-only", "--supercharge-model", "..")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: pytest takes .. for a path to tests; write --supercharge-model=.."])
