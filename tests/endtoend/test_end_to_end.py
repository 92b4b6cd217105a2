"""Good code is accepted and written; everything else is not, and the reason is shown."""

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


AREAS = ("size = width * height", "size = height * width", "size = width\n    size *= height")


def rejected(project, fill, codes, tests=TESTS, **more):
    result, decided = fill(lines(codes=codes, tests=tests, **more))
    assert result.ret == 1, result.stdout.str()
    assert source(project) == AREA
    assert decided["shapes:area"]["decision"] == "abstained"
    shown = result.stdout.str()
    assert "shapes:area: abstained" in shown
    return shown, decided["shapes:area"]


HEADER = "def area(width: float, height: float) -> float:\n"


@pytest.mark.parametrize(
    ("codes", "reason"),
    [
        pytest.param(
            [HEADER + "    return width + height + 1\n", HEADER + "    return 2 * (width + height)\n"],
            "AssertionError",
            id="wrong",
        ),
        pytest.param(
            [HEADER + "    import os\n    os._exit(0)\n", "import os\n\n" + HEADER + "    return os._exit(0)\n"],
            "uses what its module does not: import of os",
            id="exit",
        ),
        pytest.param(
            [
                "class Any:\n    def __eq__(self, other):\n        return True\n\n" + HEADER + "    return Any()\n",
                "class Same:\n    __hash__ = None\n    def __eq__(self, other):\n        return 1 == 1\n"
                "    def __repr__(self):\n        return '6'\n\n" + HEADER + "    return Same()\n",
            ],
            "equal everything",
            id="equals_everything",
        ),
        pytest.param(
            [HEADER + "    while True:\n        pass\n", HEADER + "    n = 0\n    while True:\n        n += 1\n"],
            "s of CPU",
            id="endless",
        ),
        pytest.param(["I am sorry, I cannot help with that.\n"], "does not parse", id="no_code"),
        pytest.param(["def perimeter(a, b):\n    return a + b\n"], "area", id="another_function"),
        pytest.param([HEADER + "    pass\n", HEADER + "    raise NotImplementedError\n"], "empty body", id="empty"),
    ],
)
def test_bad_code_is_not_accepted(project, fill, codes, reason):
    shown, _ = rejected(project, fill, codes)
    assert reason in shown


def test_code_that_fails_a_project_test_is_not_accepted(pytester, fill):
    (pytester.path / "shapes.py").write_text(AREA)
    pytester.makepyfile(
        test_shapes="import pytest\nfrom shapes import area\n\n"
        "@pytest.fixture\ndef side():\n    return 1000\n\n"
        "@pytest.mark.parametrize('other', [1, 2])\n"
        "def test_large(side, other):\n    assert area(side, other) == -1\n"
    )
    shown, _ = rejected(pytester, fill, GOOD)
    assert "test_shapes.py::test_large" in shown


def test_vacuous_tests_support_nothing(pytester, fill):
    """Without an example or a project test, tests that assert nothing or redefine the function are no evidence."""
    bare = AREA.replace("    >>> area(2, 3)\n    6\n    >>> area(0, 3)\n    0\n", "")
    (pytester.path / "shapes.py").write_text(bare)
    vacuous = (
        "def test_area():\n    area(1, 2)\n",
        "def test_true():\n    assert True\n",
        "def area(width, height):\n    return 7\n\ndef test_area():\n    assert area(1, 2) == 7\n",
    )
    result, decided = fill(lines(codes=GOOD, tests=vacuous))
    assert result.ret == 1
    assert source(pytester) == bare
    entry = decided["shapes:area"]
    assert entry["decision"] == "abstained"
    assert entry["tests"] == 0
    assert sum(entry["rejections"].values()) >= 3


def test_tests_that_tell_nothing_apart_support_nothing(pytester, fill):
    """They are valid and pass; an empty stub, or code that was changed, passes them just as well."""
    (pytester.path / "shapes.py").write_text(AREA)
    blunt = (
        "def test_kind():\n    assert isinstance(area(1, 2), (int, float))\n",
        "def test_sign():\n    assert area(2, 5) >= 0\n",
        "import pytest\n\ndef test_error():\n    with pytest.raises(Exception):\n        area(None, 1)\n",
    )
    shown, entry = rejected(pytester, fill, GOOD, tests=blunt)
    assert "no test that it passes tells it apart from other code" in shown
    assert 0 < entry["mutation_score"] < 1


def test_a_question_is_asked_and_its_answer_decides_the_next_run(pytester, fill):
    bare = AREA.replace("    >>> area(2, 3)\n    6\n    >>> area(0, 3)\n    0\n", "")
    (pytester.path / "shapes.py").write_text(bare)
    other = HEADER + "    return abs(width * height)\n"
    another = HEADER + "    return abs(width) * abs(height)\n"
    entries = lines(codes=[GOOD[0], other, GOOD[1], another, GOOD[2]], tests=TESTS[:2])
    result, decided = fill(entries)
    assert decided["shapes:area"]["decision"] == "abstained"
    question = decided["shapes:area"]["question"]
    result.stdout.fnmatch_lines(["*candidates disagree on area(*"])
    right = next(group for group in question["groups"] if group["answer"].startswith("raises ValueError"))
    assert right["test"].splitlines()[-1] in result.stdout.str()

    described = bare.replace("raises ValueError.\n", f"raises ValueError.\n\n    {right['example']}\n")
    (pytester.path / "shapes.py").write_text(described)
    _, by_example = fill(entries, "--supercharge-confidence=0.8", flag="--supercharge-dry-run")
    assert by_example["shapes:area"]["decision"] == "accepted"

    (pytester.path / "shapes.py").write_text(bare)
    (pytester.path / "test_shapes.py").write_text(right["test"])
    result, by_test = fill(entries, "--supercharge-confidence=0.8")
    assert result.ret == 0, result.stdout.str()
    result.assert_outcomes(passed=1)
    assert by_test["shapes:area"]["decision"] == "accepted"
    assert any(source(pytester).endswith(good.partition("\n")[2]) for good in GOOD)


def test_a_failing_candidate_is_repaired(project, fill):
    wrong = [HEADER + "    return width + height\n"]
    result, decided = fill(lines(codes=wrong, tests=TESTS, repairs=GOOD))
    assert decided["shapes:area"]["samples"] > 6
    assert decided["shapes:area"]["decision"] in {"accepted", "abstained"}
    assert "NotImplementedError" in source(project) or result.ret == 0
