"""`benchmarks/tour` without an index or a container: what projects need, their suites, the table."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path[:0] = [str(BENCHMARKS), str(BENCHMARKS / "touring")]

from touring import fetching, needing, recipes, suite, table  # noqa: E402 (benchmarks are no package)


def test_what_collecting_the_tests_lacks_is_installed_if_the_project_or_our_own_table_names_it(tmp_path):
    (tmp_path / "tox.ini").write_text("[testenv]\ndeps =\n    odd-name==1.0\n")
    said = (
        "E   ModuleNotFoundError: No module named 'odd_name.part'\nModuleNotFoundError: No module named 'guessed'\n"
        "ModuleNotFoundError: No module named 'yaml'\npytest: error: unrecognized arguments: --cov=x -n 2\n"
    )
    assert needing.lacking(said, tmp_path) == ("pytest-cov", "pytest-xdist", "odd_name", "PyYAML")


def test_of_a_slow_suite_the_shortest_files_are_run(tmp_path):
    place = fetching.Place(tmp_path, "p")
    place.work.mkdir(parents=True)
    for name in ("a.py", "b.py", "c.py"):
        (place.work / name).touch()
    times = {"a.py": 20, "b.py": 30, "c.py": 50}
    cases = "".join(f'<testcase file="{name}" name="t" time="{time}"/>' for name, time in times.items())
    (place.folder / "before.xml").write_text(f"<testsuites>{cases}</testsuites>")
    assert suite.quick(place, "before") == ("a.py", "b.py")
    (place.folder / "before.xml").write_text(f"<testsuites>{cases.replace('50', '5')}</testsuites>")
    assert suite.quick(place, "before") == ()


def test_needs_are_guessed_from_what_a_project_says_of_itself(tmp_path):
    file = tmp_path / "pyproject.toml"
    file.write_text('[project.optional-dependencies]\ndev = ["x"]\ntest = ["y"]\n')
    assert recipes.guessed(tmp_path).extras == ("test",)
    file.write_text('[dependency-groups]\nbase = ["b"]\ntests = ["a", {include-group = "base"}]\n')
    assert recipes.guessed(tmp_path).needs == ("a", "b")


ROW = {
    "stubs": ["m:f (function)"],
    "left_out": {},
    "filled": ["m:f"],
    "open": {},
    "wrong": [],
    "before": "2/2",
    "after": "2/2",
    "worse": [],
    "outside": [],
    "note": "",
    "seconds": 1.0,
}


@pytest.mark.parametrize(
    "wrong", [{"open": {"m:f": "why"}}, {"wrong": ["m:f"]}, {"worse": ["t"]}, {"outside": ["m.py"]}]
)
def test_a_replayed_project_fails_by_any_of_what_may_not_be(wrong):
    assert not table.failed(ROW)
    assert table.failed(ROW | wrong)
    assert table.failed({"problem": "no sdist"})


def test_the_table_says_why_a_stub_stayed_open():
    text = table.text({"p": ROW | {"open": {"m:f": "too little"}}, "q": {"problem": "no sdist"}})
    assert "p: m:f abstained: too little" in text
    assert "no sdist" in text


def test_a_test_that_is_gone_or_fails_now_is_worse():
    assert suite.worse({"a": "passed", "b": "passed", "c": "failure"}, {"a": "passed", "c": "failure"}) == ["b"]
