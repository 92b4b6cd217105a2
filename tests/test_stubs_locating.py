"""A stub is found again in a file that has changed, filled or not."""

from __future__ import annotations

import ast

import pytest
from stub_files import file

from pytest_supercharger.domain import Marks
from pytest_supercharger.errors import SourceError
from pytest_supercharger.stubs import find, locate, marker_decorators, placeholders

SEVERAL = '''
from typing import overload
from pytest_supercharger import supercharge as s

@overload
def f(x: int) -> int: ...
@overload
def f(x: str) -> str: ...
@s
def f(x):
    """Do."""

class A:
    @property
    @s(samples=2)
    def f(self):
        """Do."""
    @f.setter
    def f(self, value):
        self.value = value

if True:
    async def g(): return 1
else:
    @s
    async def g():
        """Do."""
'''


def test_locate_finds_the_marked_definition_among_those_of_its_name() -> None:
    tree = ast.parse(SEVERAL)
    for stub in find(file(SEVERAL)):
        assert locate(tree, stub).lineno == stub.line
    assert [stub.id for stub in find(file(SEVERAL))] == ["shop.cart:f", "shop.cart:A.f", "shop.cart:g#2"]


FILLED = '''
@overload
def f(x: int) -> int: ...
@overload
def f(x: str) -> str: ...
def f(x):
    """Do."""
    return x
class A:
    @property
    def f(self):
        """Do."""
        return self.value
    @f.setter
    def f(self, value):
        self.value = value
if True:
    async def g(): return 1
else:
    async def g():
        """Do."""
        return 2
'''


@pytest.mark.parametrize("above", [0, 3, 5, 6, 40])
def test_locate_finds_filled_stubs_on_shifted_lines(above: int) -> None:
    tree = ast.parse("#\n" * above + FILLED)
    lines = [locate(tree, stub).lineno - above for stub in find(file(SEVERAL))]
    assert lines == [6, 11, 20]


def test_locate_says_when_a_stub_is_gone() -> None:
    stub = find(file(SEVERAL))[1]
    with pytest.raises(SourceError, match=r"shop/cart\.py:16: A\.f is not there any more; run again"):
        locate(ast.parse("def f(): ..."), stub)


def test_marker_decorators_are_the_marker_and_nothing_else() -> None:
    tree = ast.parse(SEVERAL)
    found = [marker_decorators(tree, locate(tree, stub), Marks()) for stub in find(file(SEVERAL))]
    assert [[ast.unparse(item) for item in markers] for markers in found] == [["s"], ["s(samples=2)"], ["s"]]
    other = ast.parse(SEVERAL).body[-1]
    assert isinstance(other, ast.If)
    assert marker_decorators(tree, other.body[0], Marks()) == ()  # type: ignore[arg-type]


def test_placeholders_are_what_is_to_be_replaced() -> None:
    tree = ast.parse("def f():\n    'Do.'\n    pass\n    ...\ndef g():\n    'Do.'\ndef h():\n    return 1\n")
    bodies = [placeholders(node) for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert [None if body is None else [item.lineno for item in body] for body in bodies] == [[3, 4], [], None]
