"""The tests of real projects come to the same in the sandbox as outside, item by item."""

from __future__ import annotations

from pathlib import Path

import pytest
from both_ways import expected, inside, outside, words
from trees import plant

pytestmark = pytest.mark.docker


@pytest.mark.parametrize(
    ("case", "items"),
    [
        ("addopts", 10),
        ("clocks", 8),
        ("hooks", 9),
        ("namespaces", 2),
        ("plugins", 25),
        ("processes", 30),
        ("src_layout", 25),
        *([("subtests", 5)] if pytest.version_tuple >= (9,) else []),
    ],
)
def test_a_project(case: str, items: int, tmp_path: Path) -> None:
    project = plant(case, tmp_path)
    result = inside(project)  # first: outside, tests change the files that the copy is made of
    found = outside(project, tmp_path / "answer")
    assert len(found) >= items, found
    assert words(result) == found, result
    assert found == {node: expected(node) for node in found}
