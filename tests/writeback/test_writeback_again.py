"""Filled functions are opened again, and the way back leads to the byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_writeback_cases import CASES, FILLED, load

from pytest_supercharger import source, stubs
from pytest_supercharger.domain import Candidate, SourceFile
from pytest_supercharger.errors import SourceError
from pytest_supercharger.marks import definitions
from pytest_supercharger.writeback.unfill import open_again
from pytest_supercharger.writeback.verify import verify


def file_of(data):
    return SourceFile(path=Path("/m.py"), relpath="m.py", module="m", data=data)


def opened(data, *chosen):
    """The file with these stubs, which are filled in it, open again; a name stands for the first definition of it."""
    file = file_of(data)
    tree = source.parse(stubs.plain_text(file))
    nodes = [next(d.node for d in definitions(tree) if d.qualname == one) for one in chosen if isinstance(one, str)]
    nodes += [stubs.locate(tree, one) for one in chosen if not isinstance(one, str)]
    return open_again(file, {node.lineno: {} for node in nodes})


def candidate(body, **more):
    return Candidate(id="new", text_id="new", body=body, **more)


# A comment at the start or end of a body may as well be part of the specification, so it stays.
KEPT = {"body_with_comments_and_blank_rows", "comments_as_specification", "hint_comment_before_placeholder"}
KEPT |= {"mixed_ends_inside_the_stub"}  # a new body has the line ends that most of the file has


@pytest.mark.parametrize("name", sorted({*FILLED}))
def test_what_a_fill_has_made_is_opened_and_filled_to_the_byte(name):
    _, fillings, case = load(name)
    data = (CASES / name / "after.py").read_bytes()
    again = opened(data, *(stub for stub, _ in fillings))
    assert {stub.label for stub, _ in again.old.values()} == {stub.label for stub, _ in fillings}
    bodies = {stub.label: new.body for stub, new in fillings}
    back = [(stub, candidate(bodies[stub.label])) for stub, _ in again.old.values()]
    new = again.rewritten(back)
    verify(again.emptied(again.old), new, back, requires_python=case.get("requires_python"))
    assert new == data or name in KEPT
    assert again.rewritten([]) == data


SOURCE = b"""\
import os

def f(x):
    'Return x.'
    # what it is about
    y = x  # a copy
    # in between
    return (
        y  # that
    )  # done
    # the end


class A:
    def one(self): 'Return 1.'; return 1  # always

    @property
    def many(self):
        "Count."
        @staticmethod
        def inner():
            yield 0
        yield from inner()
"""


def test_comments_of_the_old_body_go_with_it_and_others_stay():
    again = opened(SOURCE, "f")
    (key,) = again.old
    new = again.rewritten([(again.old[key][0], candidate("return x + 1\n", imports=("import abc",)))])
    assert new == SOURCE[SOURCE.index(b"import os") :].replace(
        SOURCE[SOURCE.index(b"    y = x") : SOURCE.index(b"\n\nclass A")],
        b"    # the end\n    return x + 1\n",
    ).replace(b"import os\n", b"import abc\nimport os\n")


def test_one_of_several_is_filled_and_the_others_keep_their_bodies():
    again = opened(SOURCE, "f", "A.one", "A.many")
    assert b"raise NotImplementedError\n        yield\n" in again.marked.data
    assert {stub.id for stub in stubs.find(again.marked)} == {"m:f", "m:A.one", "m:A.many"}
    stub, _ = again.old["m:A.one"]
    new = again.rewritten([(stub, candidate("return 2\n"))])
    before, _, rest = SOURCE.partition(b"    def one")
    assert new.startswith(before + b"    def one(self):  # always\n        'Return 1.'\n        return 2\n")
    assert new.endswith(rest.partition(b"always\n")[2])


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"def f():\n    'Nothing.'\n", "m.py:1: f has no body; mark it @supercharge"),
        (b"def f():\n    return 1\n", "m.py:1: f has no docstring any more; describe"),
    ],
)
def test_what_cannot_be_a_stub_is_not_opened(data, problem):
    with pytest.raises(SourceError, match=problem):
        opened(data, "f")
