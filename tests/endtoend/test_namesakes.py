"""Several stubs of one name: the accessors of a property are filled apart, and of branches the one that runs.

The marker comes by way of a module of the project, and two bodies bring different helpers of one name.
"""

from __future__ import annotations

import pytest
from commands import supercharge
from laid_out import fill, write
from replay import lines

pytestmark = pytest.mark.docker

SOURCE = '''
    import sys

    from marks import fill

    try:
        import no_such_module

        @fill
        def twice(x: int) -> int:
            """Return twice x, by the module that is not here.

            >>> twice(2)
            4
            """
    except ImportError:
        @fill
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
        @fill
        def side(self) -> int:
            """The side that was set, an int.

            >>> Box(2).side
            2
            >>> Box(7).side
            7
            """

        @side.setter
        @fill
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
MARKS = "from pytest_supercharger import supercharge as mark\n\nfill = mark\n"
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
HELPER = "def _made(x):\n    return {}\n\n\n"
TWICE = tuple(
    f"{HELPER.format(made)}def twice(x: int) -> int:\n    {body}\n"
    for made, body in (
        ("2 * x", "return _made(x)"),
        ("x", "return _made(x) + _made(x)"),
        ("[x, x]", "return sum(_made(x))"),
    )
)
GET = tuple(
    f"def side(self) -> int:\n    {body}\n"
    for body in ("return self._side", "side = self._side\n    return side", "return vars(self)['_side']")
)
SET = tuple(
    f"{HELPER.format(made)}def side(self, value: int) -> None:\n    {body}\n"
    for made, body in (
        ("max(0, x)", "self._side = _made(value)"),
        ("x if x > 0 else 0", "side = _made(value)\n    self._side = side"),
        ("x < 0", "if _made(value):\n        value = 0\n    self._side = value"),
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
    write(project, {"shapes.py": SOURCE, "test_shapes.py": TEST, "marks.py": MARKS})
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
    # The helper of the second one has another name now.
    text = (project / "shapes.py").read_text()
    assert text.count("@fill") == 1
    assert (text.count("def _made("), text.count("def _made_2(")) == (1, 1)
    records = sorted(path.name for path in (project / ".supercharge/evidence/shapes").iterdir())
    assert records == ["Box.side#2.json", "Box.side.json", "twice#2.json"]
    checked = supercharge(project, flag="--supercharge-check")
    assert "3 of 3 accepted functions pass their evidence" in checked.stdout
    assert "edited by hand" not in checked.stdout
