"""Good code is accepted and written, with test and candidate in one process or in two."""

from __future__ import annotations

import json

import pytest
from replay import AREA, GOOD, TESTS, lines

pytestmark = pytest.mark.docker


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
    (evidence,) = (project.path / ".supercharger" / "evidence").iterdir()
    assert json.loads(evidence.read_text())["mutation"]["killed_by_trusted"] > 0
