"""What a run shows, and the files that it writes beside the sources."""

from __future__ import annotations

import json

import pytest
from calc_project import filled, untouched, write
from fakes import STUB

from pytest_supercharger import fits
from pytest_supercharger.calibration import Fit


def test_dry_run_shows_the_diff_and_writes_nothing(project, accepting):
    result = project.runpytest("--supercharge-dry-run")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["-@supercharge", "+    return *"])
    assert untouched(project)
    assert not (project.path / ".supercharge").exists()
    assert "test session starts" not in result.stdout.str()


def test_a_patch_can_be_applied_by_git(project, accepting):
    result = project.runpytest("--supercharge-patch=fill.patch")
    assert result.ret == 0
    assert untouched(project)
    project.run("git", "init", "-q", ".")
    assert project.run("git", "apply", "fill.patch").ret == 0
    assert filled(project)


def test_the_json_file_has_the_agreed_keys(project, accepting):
    project.runpytest("--supercharge", "--supercharge-json=out.json")
    document = json.loads((project.path / "out.json").read_text())
    assert (document["version"], document["calibration"]) == (1, "shipped fit")
    (stub,) = document["stubs"]
    assert stub["stub"] == "calc:double"
    assert (stub["file"], stub["line"], stub["decision"]) == ("calc.py", 5, "accepted")
    assert stub["probability"] >= 0.95
    assert {"reason", "candidates", "tests", "seconds"} <= set(stub)


def test_the_stored_fit_of_the_model_is_used_and_named(project, accepting, generator, monkeypatch):
    monkeypatch.setenv("SUPERCHARGER_STATE", str(project.path / "state"))
    generator.identities = frozenset({"m"})
    fits.save(Fit(a=-9.0, outcomes=36), "m", "scripted")
    result = project.runpytest("--supercharge", "--supercharge-json=out.json")
    result.stdout.fnmatch_lines(["supercharge: probabilities: calibrated on 36 tasks for scripted"])
    document = json.loads((project.path / "out.json").read_text())
    assert document["calibration"] == "calibrated on 36 tasks for scripted"
    assert document["stubs"][0]["decision"] == "abstained"
    assert document["stubs"][0]["probability"] < 0.1


@pytest.mark.parametrize("workers", [(), ("-n0",), ("-n2",)])
def test_the_prompt_is_shown_without_node_and_docker(project, monkeypatch, workers):
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    many = "".join(f"def number_{n}():\n    '{'Long. ' * 90}'\n\n\n" for n in range(1000))
    write(project, other=STUB.replace("double", "triple"), calc=many + STUB)
    shown = ("--supercharge-show-prompt", "--supercharge-only=calc:*", "--supercharge-json=out.json")
    result = project.runpytest(*shown, *workers)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["--- user", "*def double(x: int) -> int:*", "--- assistant"])
    (entry,) = json.loads((project.path / "out.json").read_text())["prompts"]
    assert entry["stub"] == "calc:double"
    assert entry["characters"] == sum(len(entry[role]) for role in ("system", "user", "assistant"))
    assert f"calc:double (calc.py:{many.count(chr(10)) + 5}): {entry['characters']} characters" in result.stdout.str()
    assert {"number_0", "number_999"} - {*entry["dropped"]} == {"number_999"}
    result.stdout.fnmatch_lines(["supercharge: dropped for want of room: number_0; number_1; *"])
    assert (project.path / "calc.py").read_text() == many + STUB
