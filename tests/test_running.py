"""Of several definitions of one name the one that runs is found out; the others are named, not tested."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_supercharger import running, stubs
from pytest_supercharger.domain import Output, OutputKind, SourceFile
from pytest_supercharger.occurrences import first_line, functions
from pytest_supercharger.sandbox.fake import FakeSandbox
from pytest_supercharger.sandbox.inside import numbering

BRANCHES = """\
from pytest_supercharger import supercharge
if fast:
    @supercharge
    def f():
        "Do."
else:
    @supercharge
    def f():
        "Do."
"""
ACCESSORS = """\
from pytest_supercharger import supercharge
class A:
    @property
    @supercharge
    def f(self):
        "Get."
    @f.setter
    @supercharge
    def f(self, value):
        "Set."
"""


def doubts(text, evaluate):
    file = SourceFile(path=Path("/m.py"), relpath="m.py", module="m", data=text.encode())
    sandbox = FakeSandbox(evaluate=lambda overlay, module, probe: evaluate(probe.expression))
    places = [running.place_of(stub, file) for stub in stubs.find(file)]
    return running.doubts(sandbox, places), sandbox.calls


def runs(*lines):
    """What the sandbox says where the definitions of these lines run."""
    return lambda expression: Output(
        kind=OutputKind.VALUE, text=str(any(expression.endswith(f", {line})") for line in lines))
    )


@pytest.mark.parametrize(
    ("line", "doubtful", "reason"),
    [
        (3, "m:f#2", "the definition of line 8 does not run here, that of line 4 does"),
        (7, "m:f", "the definition of line 4 does not run here, that of line 8 does"),
    ],
)
def test_the_branch_that_does_not_run_is_named_with_the_one_that_does(line, doubtful, reason):
    assert doubts(BRANCHES, runs(line))[0] == {doubtful: reason}


def test_a_definition_beside_one_with_a_body_is_asked_about_too():
    text = BRANCHES.replace('else:\n    @supercharge\n    def f():\n        "Do."', "else:\n    def f(): return 1")
    assert doubts(text, runs(7))[0].keys() == {"m:f"}


def test_where_it_cannot_be_told_nobody_is_tested_and_the_lines_are_named():
    found, _ = doubts(BRANCHES, lambda expression: Output(kind=OutputKind.EXCEPTION, text="E", preview="E: no"))
    line = "lines 4, 8 define it, and which of them runs cannot be told: E: no"
    assert found == {"m:f": line, "m:f#2": line}


def test_none_that_runs_is_said():
    assert doubts(BRANCHES, runs())[0]["m:f"].endswith("none that is known does")


@pytest.mark.parametrize("text", [ACCESSORS, BRANCHES.partition("else")[0]])
def test_what_takes_no_place_of_another_is_not_asked_about(text):
    assert doubts(text, runs()) == ({}, [])


LEAVES = [
    "def f(): ...",
    "async def f(): ...",
    "@d\n@e\ndef f(): ...",
    "@t.overload\ndef f(): ...",
    "x = 1",
    "def g():\n def f(): ...",
]
HEADS = [
    "class A: BLOCK",
    "if x: BLOCK",
    "if x: pass\nelse: BLOCK",
    "try: BLOCK\nfinally: pass",
    "try: pass\nexcept E: BLOCK",
    "with x: BLOCK",
    "for x in y: BLOCK",
    "match x:\n case 1: BLOCK",
]


def block(head, parts):
    """A compound statement with these in it."""
    rows = "\n".join(parts).split("\n")
    return head.replace("BLOCK", "\n" + "\n".join(f"   {row}" for row in rows))


BLOCKS = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.builds(block, st.sampled_from(HEADS), st.lists(inner, min_size=1, max_size=3)),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.lists(BLOCKS, min_size=1, max_size=4).map("\n".join))
def test_host_and_container_count_alike(text):
    tree = ast.parse(text)
    host = [(one.found.qualname, one.number, first_line(one.node)) for one in functions(tree) if one.number]
    inside = numbering._places(text)
    assert [(name, line) for name, _, line in host] == [*inside]
    for name, number, _ in host:
        assert number == 1 or [line for other, line in inside if other == name][number - 1]
