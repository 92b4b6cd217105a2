"""Canonical forms of classes, instances, functions and data, and what has none."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import enum
import hashlib
import io
import itertools
import pathlib
import re
import threading
import types
from typing import TYPE_CHECKING, NamedTuple

import pytest

from pytest_supercharger.sandbox.inside.canonical import Opaque, canonical, state
from pytest_supercharger.sandbox.inside.naming import not_brought

if TYPE_CHECKING:
    from collections.abc import Callable


class Colour(enum.Enum):
    RED = "red"


class Flag(enum.Flag):
    A = 1
    B = 2


@dataclasses.dataclass
class Item:
    name: str
    note: str = dataclasses.field(default="", compare=False)


class Pair(NamedTuple):
    left: int
    right: int


class Plain:
    def __init__(self, value: object) -> None:
        self.value = value


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (0.1 + 0.2, 0.3, True),
        (-0.0, 0.0, True),
        (123456.78, 123456.79, False),
        (1e-9, 2e-9, False),
        (1.0, 1, True),
        (-0.0, 0, True),
        (1.5, 1, False),
        (True, 1, False),
        ([1], (1,), False),
        ("1", 1, False),
        (float("nan"), float("nan"), True),
        (float("inf"), float("-inf"), False),
        (Item("a", "x"), Item("a", "y"), True),
        (Item("a"), Item("b"), False),
        (Pair(1, 2), (1, 2), False),
        (Flag.A | Flag.B, Flag.A, False),
        (collections.Counter("ab"), {"a": 1, "b": 1}, False),
        (collections.OrderedDict(a=1, b=2), collections.OrderedDict(b=2, a=1), False),
        ("x" * 100_000, "x" * 99_999 + "y", False),
        ((number for number in [1, 2]), (number for number in [1, 2]), True),
        (Plain, Plain, None),
        (pathlib.PurePosixPath("a"), "a", False),
        (datetime.time(1), datetime.time(2), False),
        (1 + 2j, 1 + 3j, False),
        (range(3), range(4), False),
    ],
)
def test_what_counts_as_the_same(left: object, right: object, same: bool | None) -> None:
    if same is None:
        with pytest.raises(Opaque):
            canonical(left)
        return
    assert (canonical(left) == canonical(right)) is same


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ((0, int), "(0, <builtins.int>)"),
        (len, "<builtins.len>"),
        (collections.OrderedDict, "<collections.OrderedDict>"),
        (dict.fromkeys, None),
        (type("int", (), {"__module__": "builtins"}), None),
        (Plain, None),
    ],
)
def test_a_class_or_function_has_its_name_where_that_is_one_of_the_standard_library(
    value: object, text: str | None
) -> None:
    if text is None:
        with pytest.raises(Opaque):
            canonical(value)
    else:
        assert canonical(value) == text


@pytest.mark.parametrize("value", [object(), Plain(1), [Plain(1)], type("S", (str,), {})("x"), lambda: 1])
def test_other_values_are_opaque(value: object) -> None:
    with pytest.raises(Opaque):
        canonical(value)


class Slotted:
    __slots__ = ("__hidden", "unset", "x")

    def __init__(self, x: object) -> None:
        self.x = x
        self.__hidden = [x]


class Row(list[object]):
    def __init__(self, *cells: object) -> None:
        super().__init__(cells)
        self.first = self.__getitem__


KNOWN = not_brought(__name__, b"class Plain: ...\nclass Slotted: ...\nif 1:\n    class Row: ...\n")


@pytest.mark.parametrize("kind", [Plain, Slotted, Row])
def test_instances_of_the_projects_own_classes_are_told_by_what_they_hold(kind: Callable[[int], object]) -> None:
    assert canonical(kind(1), KNOWN) == canonical(kind(1), KNOWN) != canonical(kind(2), KNOWN)
    assert (
        canonical(kind(1), KNOWN).frame
        == canonical(kind(2), KNOWN).frame
        == f"<state of {kind.__module__}.{kind.__name__}>"
    )
    assert state(kind(1)).frame == state(kind(2)).frame == f"{kind.__module__}.{kind.__name__}"


@pytest.mark.parametrize("value", [Item("a"), Pair(1, 2), Colour.RED])
def test_data_is_told_by_name_and_fields_whoever_brings_its_class_and_has_to_stay_the_same(value: object) -> None:
    text = canonical(value, lambda thing: False)
    assert text == text.frame == canonical(value)


def test_the_frame_of_a_value_is_its_text_without_what_such_instances_hold() -> None:
    def value(number: object) -> list[object]:
        return [Plain([Plain(number), 1]), {(Plain(number), 1), (Plain(-1), 2)}, {"k": Plain(0)}]

    texts = [canonical(value(number), KNOWN) for number in (1, -2, "<state of ")]
    assert len({*texts}) == 3
    name = f"<state of {__name__}.Plain>"
    assert {text.frame for text in texts} == {f"[{name}, set({{({name}, 1), ({name}, 2)}}), {{'k': {name}}}]"}
    assert canonical("<state of ").frame == "'<state of '"
    assert "\0" not in "".join(texts)


@pytest.mark.parametrize(
    "value",
    [re.match("a", "a"), re.compile("a"), io.StringIO("a"), threading.Lock(), hashlib.md5(b"a"), object(), Item,
     type("Plain", (), {})(), itertools.groupby([1])],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_hides_its_state_or_may_be_of_a_candidate_is_opaque(value: object) -> None:
    with pytest.raises(Opaque):
        canonical(value, KNOWN)


def test_the_state_of_an_instance_shows_its_attributes() -> None:
    before = state(Plain([1]))
    assert before != state(Plain([1, 2]))
    assert before == state(Plain([1]))


def test_looking_at_the_state_uses_no_generator_up() -> None:
    numbers = (number for number in [1, 2])
    with pytest.raises(Opaque):
        state(numbers)
    assert list(numbers) == [1, 2]


class Doubling:
    def twice(self) -> int:
        return 2

    def again(self) -> int:
        return 3


Doubling.again.__name__ = "twice"


def test_a_function_that_is_bound_under_the_name_of_another_has_no_form() -> None:
    """Any function can be bound to any object, and says itself what it is called."""
    for hidden in (types.MethodType(lambda held: held, [1]), types.MethodType(Doubling.again, Doubling())):
        with pytest.raises(Opaque):
            canonical(hidden)
