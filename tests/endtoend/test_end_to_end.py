"""Good code is accepted and written, with test and candidate in one process or in two."""

from __future__ import annotations

import json

import pytest
from replay import AREA, GOOD, TESTS, lines

pytestmark = pytest.mark.docker

HEADER = "def area(width: float, height: float) -> float:\n"
AREAS = ("size = width * height", "size = height * width", "size = width\n    size *= height")


def source(pytester):
    return (pytester.path / "shapes.py").read_text(encoding="utf-8")


@pytest.fixture
def project(pytester):
    (pytester.path / "shapes.py").write_text(AREA)
    pytester.makepyfile(test_shapes="from shapes import area\n\ndef test_big():\n    assert area(100, 100) == 10000\n")
    return pytester


@pytest.mark.parametrize("level", [2, 3])
def test_good_code_is_accepted_and_written(project, fill, level):
    result, decided = fill(lines(codes=GOOD, tests=TESTS), f"--supercharge-level={level}")
    assert result.ret == 0, result.stdout.str()
    result.assert_outcomes(passed=1)
    assert decided["shapes:area"]["decision"] == "accepted"
    assert decided["shapes:area"]["probability"] >= 0.95
    assert decided["shapes:area"]["mutation_score"] > 0.5
    text = source(project)
    assert "supercharge" not in text
    assert "width" in text.partition('"""\n    ')[2]
    before, after = AREA.index("def area"), text.index("def area")
    assert text[after:].startswith(AREA[before : AREA.index("    raise NotImplementedError")])
    (evidence,) = (project.path / ".supercharge" / "evidence").glob("*/*.json")
    assert json.loads(evidence.read_text())["mutation"]["killed_by_trusted"] > 0


def test_tests_are_saved_and_an_accepted_function_is_filled_anew(project, fill):
    project.makeini("[pytest]\npythonpath = .\ntestpaths = checks\n")
    project.mkdir("checks")
    result, _ = fill(lines(codes=GOOD, tests=TESTS), "--supercharge-save-tests")
    assert result.ret == 0, result.stdout.str()
    path = project.path / "checks" / "test_shapes_saved.py"
    saved = path.read_text(encoding="utf-8")
    assert saved.startswith("# Written by pytest --supercharge-save-tests: generated tests of shapes that earned")
    assert "from shapes import area\n\n\ndef test_area_1():\n    assert area(" in saved
    result.assert_outcomes(passed=saved.count("def test_area_"))

    before = source(project)
    other = [
        HEADER + f"    {line}\n    if width < 0 or height < 0:\n        raise ValueError\n    return size\n"
        for line in AREAS
    ]
    result, decided = fill(
        lines(codes=other, tests=TESTS), "--supercharge-save-tests", flag="--supercharge-redo=shapes:*"
    )
    assert result.ret == 0, result.stdout.str()
    assert (decided["shapes:area"]["decision"], decided["shapes:area"]["redo"]) == ("accepted", True)
    begin = before.rindex('"""\n') + 4
    assert source(project)[:begin] == before[:begin]
    assert source(project).endswith("    return size\n")
    assert "\ndef test_area_1():\n" in path.read_text(encoding="utf-8")
    # What was saved is a test of the project now, and gates.
    assert f"{saved.count('def test_area_')} project tests" in result.stdout.str()
