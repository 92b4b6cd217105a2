"""One run over stubs that must stay open, each for a reason of its own, and a second one that a question decides."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest
from commands import supercharge
from replay import AREA, GOOD, TESTS, decisions, lines, node

pytestmark = pytest.mark.docker

HEADER = "def area(width: float, height: float) -> float:\n"
BARE = AREA.replace("    >>> area(2, 3)\n    6\n    >>> area(0, 3)\n    0\n", "")
BIG = "from {module} import area\n\n\ndef test_big():\n    assert area(100, 100) == 10000\n"
LARGE = """
import pytest
from {module} import area

@pytest.fixture
def side():
    return 1000

@pytest.mark.parametrize("other", [1, 2])
def test_large(side, other):
    assert area(side, other) == -1
"""


class Case(NamedTuple):
    """A module with a stub, and what the model answers for it."""

    codes: tuple[str, ...] = GOOD
    tests: tuple[str, ...] = TESTS
    repairs: tuple[str, ...] = ()
    source: str = AREA
    project_test: str = BIG


BAD = {
    "wrong": (HEADER + "    return width + height + 1\n", HEADER + "    return 2 * (width + height)\n"),
    "ends": (HEADER + "    import os\n    os._exit(0)\n", "import os\n\n" + HEADER + "    return os._exit(0)\n"),
    "equals_everything": (
        "class Any:\n    def __eq__(self, other):\n        return True\n\n" + HEADER + "    return Any()\n",
        "class Same:\n    __hash__ = None\n    def __eq__(self, other):\n        return 1 == 1\n"
        "    def __repr__(self):\n        return '6'\n\n" + HEADER + "    return Same()\n",
    ),
    "endless": (
        HEADER + "    while True:\n        pass\n",
        HEADER + "    n = 0\n    while True:\n        n += 1\n",
    ),
    "no_code": ("I am sorry, I cannot help with that.\n",),
    "another_function": ("def perimeter(a, b):\n    return a + b\n",),
    "empty": (HEADER + "    pass\n", HEADER + "    raise NotImplementedError\n"),
}
VACUOUS = (
    "def test_area():\n    area(1, 2)\n",
    "def test_true():\n    assert True\n",
    "def area(width, height):\n    return 7\n\ndef test_area():\n    assert area(1, 2) == 7\n",
)
BLUNT = (
    "def test_kind():\n    assert isinstance(area(1, 2), (int, float))\n",
    "def test_sign():\n    assert area(2, 5) >= 0\n",
    "import pytest\n\ndef test_error():\n    with pytest.raises(Exception):\n        area(None, 1)\n",
)
DISPUTED = Case(
    source=BARE,
    codes=(
        GOOD[0],
        HEADER + "    return abs(width * height)\n",
        GOOD[1],
        HEADER + "    return abs(width) * abs(height)\n",
        GOOD[2],
    ),
    tests=TESTS[:2],
    project_test="",
)
CASES = {
    **{name: Case(codes=codes) for name, codes in BAD.items()},
    "gated": Case(project_test=LARGE),
    "vacuous": Case(source=BARE, tests=VACUOUS, project_test=""),
    "blunt": Case(tests=BLUNT, project_test=""),
    "mended": Case(codes=(HEADER + "    return width + height\n",), repairs=GOOD),
    "disputed": DISPUTED,
}


def fill(folder, cases, *options):
    """Fill a project of these modules; its folder, the run, its decisions."""
    project, report = folder / "project", folder / "decisions.json"
    project.mkdir()
    entries = []
    for name, case in cases.items():
        (project / f"{name}.py").write_text(case.source)
        if case.project_test:
            (project / f"test_{name}.py").write_text(case.project_test.format(module=name))
        entries += lines(codes=case.codes, tests=case.tests, repairs=case.repairs, stub=f"{name}:area")
    with node(folder, entries) as running:
        done = supercharge(project, "--supercharge-node", running.address, f"--supercharge-json={report}", *options)
    return project, done, decisions(report)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The run over all cases. Its limits are small where code only has to hit them; a busy machine may take long."""
    options = "--supercharge-test-seconds=2", "--supercharge-time=3000"
    return fill(tmp_path_factory.mktemp("open"), CASES, *options)


def left_open(run, name):
    """What the run says of a stub that stays as it is, in print and for scripts."""
    project, done, decided = run
    assert done.returncode == 1, done.stdout
    assert (project / f"{name}.py").read_text() == CASES[name].source
    entry = decided[f"{name}:area"]
    assert entry["decision"] == "abstained", done.stdout
    told = re.search(rf"^{name}:area: abstained: .*(?:\n(?:  .*)?)*", done.stdout, re.MULTILINE)
    assert told is not None, done.stdout
    return told[0], entry


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("wrong", "AssertionError"),
        ("ends", "uses what its module does not: import of os"),
        ("equals_everything", "equal everything"),
        ("endless", "s of CPU"),
        ("no_code", "does not parse"),
        ("another_function", "area"),
        ("empty", "empty body"),
        ("gated", "test_gated.py::test_large"),
    ],
)
def test_bad_code_is_not_accepted(run, name, reason):
    told, _ = left_open(run, name)
    assert reason in told


def test_vacuous_tests_support_nothing(run):
    """Without an example or a project test, tests that assert nothing or redefine the function are no evidence."""
    _, entry = left_open(run, "vacuous")
    assert entry["tests"] == 0
    assert sum(entry["rejections"].values()) >= 3


def test_tests_that_tell_nothing_apart_support_nothing(run):
    """They are valid and pass; an empty stub, or code that was changed, passes them just as well."""
    told, entry = left_open(run, "blunt")
    assert "no test that it passes tells it apart from other code" in told
    assert 0 < entry["mutation_score"] < 1


def test_a_failing_candidate_is_repaired(run):
    project, done, decided = run
    entry = decided["mended:area"]
    assert entry["samples"] > 6
    assert entry["decision"] in {"accepted", "abstained"}, done.stdout
    assert ("NotImplementedError" in (project / "mended.py").read_text()) == (entry["decision"] == "abstained")


def test_a_question_is_asked_and_its_answer_decides_the_next_run(run, tmp_path):
    told, entry = left_open(run, "disputed")
    assert "\n  the candidates disagree on area(" in told
    right = next(group for group in entry["question"]["groups"] if group["answer"].startswith("raises ValueError"))
    assert right["test"].splitlines()[-1] in told

    described = BARE.replace("raises ValueError.\n", f"raises ValueError.\n\n    {right['example']}\n")
    answered = {
        "described": DISPUTED._replace(source=described),
        "disputed": DISPUTED._replace(project_test=right["test"].replace("{", "{{").replace("}", "}}")),
    }
    project, done, decided = fill(tmp_path, answered, "--supercharge-confidence=0.8")
    assert done.returncode == 0, done.stdout
    assert re.search(r"^=+ 1 passed in", done.stdout, re.MULTILINE)
    for name in answered:
        assert decided[f"{name}:area"]["decision"] == "accepted"
        text = (project / f"{name}.py").read_text()
        assert any(text.endswith(good.partition("\n")[2]) for good in GOOD)
