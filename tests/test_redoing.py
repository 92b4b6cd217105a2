"""Which functions are opened again, and what is said where one cannot be."""

from __future__ import annotations

import dataclasses

import pytest

from pytest_supercharger import evidence, finding, fingerprints, redoing, shelf
from pytest_supercharger.errors import SettingsError, SourceError
from pytest_supercharger.project import Project

SHAPES = """\
class Box:
    @property
    def side(self):
        'The side.'
        return self._side

    @side.setter
    def side(self, value):
        'Set it.'
        self._side = value


def area(a, b):
    'The area.'
    return a * b
"""
OPEN = "from pytest_supercharger import supercharge\n\n\n@supercharge\ndef other():\n    'Do it.'\n    ...\n"


def record(qualname, body, module="shapes"):
    return evidence.Record(
        stub=f"{module}:{qualname}",
        module=module,
        qualname=qualname,
        relpath=f"{module}.py",
        function_hash=fingerprints.of(body.encode(), fingerprints.Known(qualname=qualname.rpartition(".")[2])).function,
        candidate_id="c",
        probability=1.0,
        model="",
        candidates=1,
        samples=1,
        tests=(),
        gate=(),
    )


@pytest.fixture
def opened(tmp_path):
    """The work of a project with evidence for the getter of a property and a function."""
    (tmp_path / "shapes.py").write_text(SHAPES)
    (tmp_path / "later.py").write_text(OPEN)
    getter = "@property\ndef side(self):\n    'The side.'\n    return self._side\n"
    for one in (record("Box.side", getter), record("area", SHAPES), record("other", OPEN, "later")):
        shelf.save(tmp_path, one)

    def run(*globs, others=False):
        work = finding.find(Project.discover(tmp_path, norecurse=[], pythonpath=[]))
        return redoing.open_again(work, globs, others=others)

    return run


def test_what_the_globs_name_is_open_again_and_nothing_else_unless_asked_for(opened):
    work = opened("shapes:area")
    assert [stub.id for stub in work.stubs] == ["shapes:area"]
    assert work.on_disk("shapes.py") == SHAPES.encode()
    assert b"return a * b" not in work.sources["shapes.py"].data
    assert [stub.id for stub in opened("shapes:area", others=True).stubs] == ["later:other", "shapes:area"]
    assert [stub.id for stub in opened("*").stubs] == ["later:other", "shapes:Box.side", "shapes:area"]


def test_of_several_definitions_the_one_that_was_written_is_opened(opened):
    work = opened("shapes:Box.side")
    ((stub, old),) = work.again["shapes.py"].old.values()
    assert (stub.signature, old.body) == ("def side(self)", "return self._side\n")


@pytest.mark.parametrize(
    ("options", "read"),
    [
        ({"samples": "3", "examples": "[(1, 2)]", "uses": "('gone',)"}, {"samples": 3, "uses": ("gone",)}),
        ({"unknown": "1"}, {}),
        ({"samples": "3)\nimport os  #"}, None),
        ({"samples": "f()"}, None),
    ],
)
def test_options_of_the_marker_come_back(opened, tmp_path, options, read):
    shelf.save(tmp_path, dataclasses.replace(record("area", SHAPES), options=options))
    if read is None:
        with pytest.raises(SourceError, match=r"shapes\.py:13: area cannot"):
            opened("shapes:area")
        return
    (stub,) = opened("shapes:area").stubs
    assert stub.options.items() >= read.items()
    assert stub.options.get("examples", ((1, 2),)) == ((1, 2),)


def test_what_cannot_be_opened_is_one_line_with_the_next_step(opened, tmp_path):
    with pytest.raises(SettingsError, match="--supercharge-redo nobody matches no function with evidence"):
        opened("nobody")
    path = tmp_path / "shapes.py"
    path.write_text(SHAPES.replace("def area", "def surface"))
    with pytest.raises(SourceError, match=r"shapes\.py has no such function any more; run pytest --supercharge-forget"):
        opened("shapes:area")
    path.write_text(SHAPES.replace("    'The area.'\n", ""))
    with pytest.raises(SourceError, match=r"shapes\.py:13: area has no docstring any more"):
        opened("shapes:area")
    installed = tmp_path / "node_modules" / "shapes.py"
    installed.parent.mkdir()
    path.rename(installed)
    path.symlink_to(installed)
    with pytest.raises(SourceError, match=r"shapes:area: shapes\.py is not one of the project's own files"):
        opened("shapes:area")
    path.unlink()
    with pytest.raises(
        SourceError, match=r"shapes:area: shapes\.py is not there any more; run pytest --supercharge-forget"
    ):
        opened("shapes:area")
