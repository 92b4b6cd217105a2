"""Several stubs of one name: the accessors of a property are filled apart, and of branches the one that runs."""

from __future__ import annotations

import json

import pytest
from laid_out import fill, write
from replay import lines

pytestmark = pytest.mark.docker

SOURCE = '''
    import sys

    from pytest_supercharger import supercharge

    try:
        import no_such_module

        @supercharge
        def twice(x: int) -> int:
            """Return twice x, by the module that is not here.

            >>> twice(2)
            4
            """
    except ImportError:
        @supercharge
        def twice(x: int) -> int:
            """Return twice x.

            >>> twice(2)
            4
            >>> twice(0)
            0
            """


    class Box:
        def __init__(self, side: int) -> None:
            self._side = side

        @property
        @supercharge
        def side(self) -> int:
            """The side that was set, an int.

            >>> Box(2).side
            2
            >>> Box(7).side
            7
            """

        @side.setter
        @supercharge
        def side(self, value: int) -> None:
            """Set the side; a negative one becomes 0.

            >>> box = Box(2)
            >>> box.side = 5
            >>> box._side
            5
            >>> box.side = -5
            >>> box._side
            0
            """
'''
TEST = """
    from shapes import Box, twice


    def test_twice():
        assert twice(21) == 42


    def test_side():
        box = Box(1)
        assert box.side == 1
        box.side = 4
        assert box.side == 4
        box.side = -1
        assert box.side == 0
"""
TWICE = tuple(
    f"def twice(x: int) -> int:\n    {body}\n" for body in ("return 2 * x", "return x + x", "return sum([x, x])")
)
GET = tuple(
    f"def side(self) -> int:\n    {body}\n"
    for body in ("return self._side", "side = self._side\n    return side", "return vars(self)['_side']")
)
SET = tuple(
    f"def side(self, value: int) -> None:\n    {body}\n"
    for body in (
        "self._side = max(0, value)",
        "self._side = value if value > 0 else 0",
        "if value < 0:\n        value = 0\n    self._side = value",
    )
)
TWICE_TESTS = ("def test_a():\n    assert twice(5) == 10\n", "def test_b():\n    assert twice(-3) == -6\n")
GET_TESTS = ("def test_a():\n    assert Box(9).side == 9\n", "def test_b():\n    assert Box(0).side == 0\n")
SET_TESTS = (
    "def test_a():\n    box = Box(1)\n    box.side = 3\n    assert box._side == 3\n",
    "def test_b():\n    box = Box(1)\n    box.side = -3\n    assert box._side == 0\n",
)


def test_each_is_filled_and_what_does_not_run_here_is_named(tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    write(project, {"shapes.py": SOURCE, "test_shapes.py": TEST})
    entries = [
        *lines(codes=TWICE, tests=TWICE_TESTS, stub="shapes:twice#2"),
        *lines(codes=GET, tests=GET_TESTS, stub="shapes:Box.side"),
        *lines(codes=SET, tests=SET_TESTS, stub="shapes:Box.side#2"),
    ]
    done, decided = fill(tmp_path, project, entries)
    assert {stub: entry["decision"] for stub, entry in decided.items()} == {
        "shapes:twice": "abstained",
        "shapes:twice#2": "accepted",
        "shapes:Box.side": "accepted",
        "shapes:Box.side#2": "accepted",
    }, done.stdout
    assert "the definition of line 9 does not run here, that of line 17 does" in decided["shapes:twice"]["reason"]
    assert done.returncode == 1
    text = (project / "shapes.py").read_text()
    assert text.count("@supercharge") == 1
    records = sorted(path.name for path in (project / ".supercharge/evidence/shapes").iterdir())
    assert records == ["Box.side#2.json", "Box.side.json", "twice#2.json"]
    record = json.loads((project / ".supercharge/evidence/shapes/Box.side#2.json").read_text())
    assert record["gate"] == ["test_shapes.py::test_side"]
