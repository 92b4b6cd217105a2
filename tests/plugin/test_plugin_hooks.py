"""The plugin of the examples, through its hooks."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from calc_project import untouched
from fakes import TESTS, FakeGenerator, agreeable, install

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def house_rules(project):
    """The plugin of the examples, as the page of hooks says to use it."""
    shutil.copytree(EXAMPLES / "plugins", project.path / "plugins", ignore=shutil.ignore_patterns("__pycache__"))
    project.syspathinsert()
    return ("--supercharge", "-p", "plugins.house_rules")


def test_the_plugin_of_the_examples_changes_questions_and_hears_of_writes(project, accepting, generator, house_rules):
    assert project.runpytest(*house_rules).ret == 0
    said = {question.kind.value: "that a beginner can read" in question.user for question in generator.questions}
    assert said == {"code": True, "test": False}
    noted = (project.path / "supercharged.txt").read_text()
    assert re.fullmatch(r"calc:double in calc\.py, probability 0\.\d\d\n", noted)


def test_the_plugin_of_the_examples_refuses_with_its_reason(project, monkeypatch, house_rules):
    steps = "".join(f"    x{n} = x\n" for n in range(30))
    long = [f"def double(x: int) -> int:\n{steps}    return {text}\n" for text in ("x + x", "2 * x", "x * 2")]
    install(monkeypatch, agreeable(), FakeGenerator(code=long, test=TESTS))
    result = project.runpytest(*house_rules)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*refused by a plugin: 31 lines, and 20 are allowed here*"])
    assert untouched(project)
    assert not (project.path / "supercharged.txt").exists()
