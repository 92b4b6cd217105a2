"""The table of flags and ini keys."""

from __future__ import annotations

import pytest

from pytest_supercharger import options


@pytest.fixture(autouse=True)
def only_read(monkeypatch):
    """Read the options, start nothing."""
    monkeypatch.setattr("pytest_supercharger.run.start", lambda config, settings: None)


def settings_of(pytester, *args):
    return options.read(pytester.parseconfig(*args))


def test_without_flags_nothing_is_active(pytester):
    settings = settings_of(pytester)
    assert not settings.active
    assert settings == options.Settings()


def test_the_flag_makes_a_run_that_writes(pytester):
    settings = settings_of(pytester, "--supercharge")
    assert settings.active
    assert settings.writes
    assert settings.runs_tests


@pytest.mark.parametrize("flag", ["dry-run", "check", "patch=x.patch", "show-prompt", "forget=a"])
def test_modes_are_active_alone_and_write_no_source(pytester, flag):
    settings = settings_of(pytester, f"--supercharge-{flag}")
    assert settings.active
    assert not settings.writes
    assert not settings.runs_tests


def test_ini_keys_have_the_names_of_the_flags(pytester):
    pytester.makeini(
        """
        [pytest]
        supercharge_nodes =
            10.0.0.1:1
            10.0.0.2:2
        supercharge_confidence = 0.9
        supercharge_samples = 5
        supercharge_gate = tests/unit
        """
    )
    settings = settings_of(pytester)
    assert settings.nodes == ("10.0.0.1:1", "10.0.0.2:2")
    assert (settings.confidence, settings.samples, settings.gate) == (0.9, 5, ("tests/unit",))


def test_a_flag_wins_over_its_ini_key(pytester):
    pytester.makeini("[pytest]\nsupercharge_samples = 5\nsupercharge_nodes = 10.0.0.1:1\n")
    settings = settings_of(pytester, "--supercharge-samples=7", "--supercharge-node=h:9")
    assert (settings.samples, settings.nodes) == (7, ("h:9",))


def test_what_is_set_once_for_a_project_has_a_key_and_no_flag(pytester):
    pytester.makeini("[pytest]\nsupercharge_processes = 9\nsupercharge_disk = 3\nsupercharge_output = 2\n")
    settings = settings_of(pytester)
    assert (settings.processes, settings.disk, settings.output) == (9, 3, 2)
    pytester.makeini("[pytest]\nsupercharge_docker_hosts =\n    unix:///a\n    ssh://me@there\n")
    assert settings_of(pytester).docker_hosts == ("unix:///a", "ssh://me@there")
    pytester.makeini("[pytest]\nsupercharge_output = 9\n")
    result = pytester.runpytest("--supercharge")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: supercharge_output is 9; give a whole number of MiB from 1 to 8"])


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("--supercharge-confidence", "1.5"),
        ("--supercharge-confidence", "nan"),
        ("--supercharge-confidence", "high"),
        ("--supercharge-samples", "0"),
        ("--supercharge-samples", "2.5"),
        ("--supercharge-time", "-1"),
        ("--supercharge-tokens", "-1"),
        ("--supercharge-node", "nowhere"),
        ("--supercharge-node", "host:port"),
        ("--supercharge-node", "host:99999"),
        ("--supercharge-json", "no/such/folder/x.json"),
        ("--supercharge-only", " "),
        ("--supercharge-memory", "much"),
        ("--supercharge-environment", "here"),
        ("--supercharge-install", "./wheels/a.whl"),
        ("--supercharge-install", "PyYAML==6"),
        ("--supercharge-test-seconds", "0"),
    ],
)
def test_a_wrong_value_is_one_line_with_status_4(pytester, flag, value):
    pytester.makepyfile("def test_a(): pass")
    result = pytester.runpytest("--supercharge", flag, value)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    errors = [line for line in result.errlines if line.startswith("ERROR:")]
    assert len(errors) == 1
    assert flag in errors[0]
    assert "Traceback" not in str(result.stderr)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            "--supercharge-check --supercharge-dry-run",
            "--supercharge-dry-run and --supercharge-check exclude each other*",
        ),
        ("--supercharge-forget=a --supercharge-show-prompt", "--supercharge-show-prompt and --supercharge-forget *"),
        ("--supercharge-redo=a --supercharge-check", "--supercharge-redo and --supercharge-check exclude each other*"),
        (
            "--supercharge --supercharge-save-tests --supercharge-patch=x.patch",
            "--supercharge-save-tests and --supercharge-patch exclude each other; give one of them",
        ),
        ("--supercharge-save-tests", "--supercharge-save-tests fills nothing by itself; give --supercharge as well"),
    ],
)
def test_what_does_not_go_together_is_one_line_with_status_4(pytester, flags, message):
    result = pytester.runpytest(*flags.split())
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {message}"])


def test_redo_writes_and_may_be_a_dry_run(pytester):
    assert settings_of(pytester, "--supercharge-redo=a:*", "--supercharge-save-tests").writes
    settings = settings_of(pytester, "--supercharge-redo=a:*", "--supercharge-redo=b", "--supercharge-dry-run")
    assert settings.redo == ("a:*", "b")
    assert settings.active
    assert not settings.writes
