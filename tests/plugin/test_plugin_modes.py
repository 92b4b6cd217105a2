"""When the plugin acts, on which stubs, and what pytest's own run sees of it."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from calc_project import filled, untouched, write
from fakes import STUB


def test_without_the_flag_nothing_happens(project, accepting):
    result = project.runpytest()
    result.assert_outcomes(failed=1)
    assert untouched(project)
    assert accepting.calls == []


def test_filled_stubs_make_a_green_run_with_status_0(project, accepting):
    result = project.runpytest("--supercharge")
    assert result.ret == 0
    result.assert_outcomes(passed=1)
    assert filled(project)


@pytest.mark.parametrize(("level", "last"), [("2", "isolated"), ("3", "split")])
def test_the_level_holds_from_the_search_to_the_joining(project, accepting, level, last):
    assert project.runpytest("--supercharge", "--supercharge-level", level).ret == 0
    written = (project.path / "calc.py").read_bytes()
    calls = [(kind, overlay) for kind, overlay, _ in accepting.calls if kind in ("isolated", "split", "tests")]
    kinds = [kind for kind, overlay in calls if written in overlay.values()]  # mutants are never written
    assert kinds[-1] == last
    assert ("tests" in kinds) is (level == "2")


def test_a_stub_in_a_module_that_a_conftest_imports_is_filled_first(project, accepting):
    project.makeconftest("import calc\n\nASKED = calc.double\n")
    result = project.runpytest("--supercharge")
    assert result.ret == 0
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("workers", [(), ("-n0",), ("-n2",)])
def test_stubs_are_filled_once_by_the_controller(project, accepting, generator, workers):
    result = project.runpytest("--supercharge", *workers)
    assert result.ret == 0
    result.assert_outcomes(passed=1)
    assert result.stdout.str().count("1 stubs to fill") == 1
    assert filled(project)


@pytest.mark.parametrize("workers", [(), ("-n0",), ("-n2",)])
def test_an_open_stub_is_one_failed_report(project, refusing, workers):
    result = project.runpytest("--supercharge", *workers)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        ["*calc:double: abstained: no candidate passes the trusted tests*", "STUB OPEN calc.py*"]
    )
    assert untouched(project)


def test_an_open_stub_is_in_the_junit_file(project, refusing):
    project.runpytest("--supercharge", "--junitxml=report.xml")
    cases = ET.parse(project.path / "report.xml").getroot().iter("testcase")
    failures = {case.get("name"): case.find("failure") for case in cases}
    assert "abstained" in failures["double"].text


@pytest.mark.parametrize("choice", ["-k nothing", "-m nothing", "--lf", "-x", "test_calc.py"])
def test_selecting_tests_does_not_select_stubs(project, accepting, choice):
    project.runpytest("--supercharge", *choice.split())
    assert filled(project)


def test_an_open_stub_fails_the_run_also_where_no_test_is_selected(project, refusing):
    assert project.runpytest("--supercharge", "-k", "nothing").ret == pytest.ExitCode.TESTS_FAILED


def test_a_project_without_tests_is_green_when_all_stubs_are_filled(pytester, accepting):
    write(pytester, calc=STUB)
    assert pytester.runpytest("--supercharge").ret == 0


def test_a_project_without_tests_and_stubs_stays_status_5(pytester, accepting):
    write(pytester, calc="x = 1\n")
    result = pytester.runpytest("--supercharge")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.stdout.fnmatch_lines(["*no stubs marked @supercharge*"])


def test_collect_only_lists_the_stubs_and_fills_nothing(project, accepting):
    result = project.runpytest("--supercharge", "--collect-only")
    result.stdout.fnmatch_lines(["supercharge: 1 stubs", "  calc:double (calc.py:5)"])
    assert untouched(project)
    assert accepting.calls == []


@pytest.mark.parametrize("look", ["--help", "--version", "--markers", "--fixtures", "--cache-show", "--setup-plan"])
def test_looking_modes_never_fill(project, accepting, look):
    project.runpytest("--supercharge", look)
    assert untouched(project)
    assert accepting.calls == []


def test_an_inherited_run_is_inert(project, accepting, monkeypatch):
    monkeypatch.setenv("PYTEST_SUPERCHARGE_FILLED", str(project.path))
    project.runpytest("--supercharge")
    assert untouched(project)


def test_the_environment_is_left_as_it_was(project, accepting, monkeypatch):
    import os

    project.runpytest("--supercharge")
    assert "PYTEST_SUPERCHARGE_FILLED" not in os.environ
    monkeypatch.setenv("PYTEST_SUPERCHARGE_FILLED", "/elsewhere")
    project.runpytest("--supercharge")
    assert os.environ["PYTEST_SUPERCHARGE_FILLED"] == "/elsewhere"


def test_only_selects_stubs(pytester, accepting):
    write(pytester, calc=STUB + STUB.partition("\n\n\n")[2].replace("double", "triple"))
    pytester.runpytest("--supercharge", "--supercharge-only", "calc:dou*")
    text = (pytester.path / "calc.py").read_text()
    assert "@supercharge\ndef triple" in text
    assert "@supercharge\ndef double" not in text


def test_only_that_matches_nothing_is_status_4(project, accepting):
    result = project.runpytest("--supercharge", "--supercharge-only", "nobody:*")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --supercharge-only nobody:* matches no stub; the project has calc:double"])
