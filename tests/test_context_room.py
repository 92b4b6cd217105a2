"""What a model is told where not all has room: the nearest first, and never a silent cut."""

from __future__ import annotations

import ast

import pytest
from telling import STUB, told

from pytest_supercharger.errors import SourceError

MANY = "\n".join(f'def g{number}(x: int) -> int:\n    """Number {number}."""\n    return x' for number in range(50))


def test_what_has_no_room_is_counted_in_the_text() -> None:
    context = told(f"import os\nLIMIT = 3\n{MANY}\n{STUB}", max_chars=600)
    assert len(context.surroundings) + len(context.stub) <= 600
    shown = context.surroundings.count("def g")
    assert 0 < shown < 50
    assert context.omitted == 50 - shown
    assert context.surroundings.endswith(f"\n\n# {context.omitted} more definitions of this module are not shown\n")
    # Imports and constants come before functions nobody names.
    assert context.surroundings.startswith("import os\n\nLIMIT = 3\n\n")


@pytest.mark.parametrize("room", [150, 200, 300, 500, 1000, 2000, 3000])
def test_no_definition_is_cut_in_half(room: int) -> None:
    context = told(f"{MANY}\n{STUB}", max_chars=room)
    assert len(context.surroundings) + len(context.stub) <= room
    for node in ast.parse(context.surroundings).body:
        assert isinstance(node, ast.FunctionDef)
        assert ast.unparse(node).endswith("    ...")
    assert context.surroundings.count("def g") + context.omitted == 50


@pytest.mark.parametrize(
    "stub",
    [
        '@supercharge\ndef f(x: g25) -> int:\n    """Do it."""\n',
        '@supercharge\ndef f(x: int) -> int:\n    """Do it as `g25` does."""\n',
        '@supercharge(uses=[g25])\ndef f(x: int) -> int:\n    """Do it."""\n',
    ],
)
def test_what_the_stub_names_is_shown_first(stub: str) -> None:
    context = told(f"{MANY}\n{stub}", max_chars=210)
    assert "def g25(" in context.surroundings
    assert context.omitted >= 48


def test_what_the_named_things_name_comes_next() -> None:
    text = f'class Price:\n    amount: g7\n\n{MANY}\n@supercharge\ndef f(x: Price) -> int:\n    """Do it."""\n'
    context = told(text, max_chars=270)
    assert "class Price" in context.surroundings
    assert "def g7(" in context.surroundings


def test_a_class_without_room_is_shown_without_its_methods() -> None:
    methods = "\n".join(f"    def g{number}(self): return 1" for number in range(50))
    head = "class A:\n    size = 3\n    def __init__(self): self.x = 1\n"
    text = f'{head}{methods}\n    @supercharge\n    def f(self):\n        """Do it."""\n'
    context = told(text, max_chars=320)
    assert context.surroundings == (
        "class A:\n    size = 3\n    def __init__(self):\n        ...\n"
        "    # 50 more methods of this class are not shown"
    )


@pytest.mark.parametrize("room", [0, -5, 30, 60])
def test_a_stub_that_does_not_fit_is_an_error(room: int) -> None:
    with pytest.raises(SourceError, match=r"shop/cart\.py:\d+: context too long: f alone takes \d+ characters"):
        told(f"{MANY}\n{STUB}", max_chars=room)


def test_an_exact_fit_leaves_nothing_out() -> None:
    context = told(f"{MANY}\n{STUB}")
    room = len(context.surroundings) + len(context.stub)
    assert told(f"{MANY}\n{STUB}", max_chars=room) == context
    assert told(f"{MANY}\n{STUB}", max_chars=room - 1).omitted > 0
