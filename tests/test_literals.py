"""From canonical texts to what a test compares with; each text is that of the real canonical form."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import pathlib
import uuid

import pytest

from pytest_supercharger.literals import attributes, value
from pytest_supercharger.sandbox.inside.canonical import canonical, state


@dataclasses.dataclass
class Point:
    """A class of the user's module."""

    x: int
    y: float


class Color(enum.Enum):
    RED = 1


class Outer:
    @dataclasses.dataclass
    class Inner:
        x: int


Pair = collections.namedtuple("Pair", "left right")
MODULE = __name__
CLASSES = {"Point", "Color", "Pair", "Outer", "Outer.Inner", "list", "Outer.__init__"}

WRITABLE = [
    None,
    True,
    0,
    -12,
    10**40,
    0.1,
    -2.5,
    1 / 3,
    1234.5678901,
    1e-9,
    6.02e23,
    float("inf"),
    float("-inf"),
    2.0,
    "",
    'it\'s "so"\n\x1b[31m\u202e',
    b"\x00\xff",
    bytearray(b"ab"),
    1 + 2j,
    [],
    [1, [2.5, "a"], None],
    (),
    (1,),
    (0.1, (0.2,)),
    set(),
    {1, 2},
    frozenset(),
    frozenset({"a"}),
    {},
    {"a": [1, 2.25], (1, 2): None},
    collections.Counter("abca"),
    collections.defaultdict(list, a=[1]),
    collections.OrderedDict([("b", 1), ("a", 2)]),
    collections.deque([1, 2]),
    decimal.Decimal("1.10"),
    fractions.Fraction(1, 3),
    uuid.UUID(int=7),
    range(2, 9),
    datetime.date(2024, 2, 29),
    datetime.timedelta(days=1, seconds=2),
    datetime.timezone.utc,
    pathlib.PurePosixPath("a/b"),
    Point(1, 2.5),
    [Point(0, 0.0)],
    Color.RED,
    {"at": Color.RED},
    Pair(1, "b"),
    Outer.Inner(1),
]


def made(literal):
    names = {}
    exec("\n".join(literal.imports), names)
    return eval(literal.source, names)


@pytest.mark.parametrize("result", WRITABLE, ids=repr)
def test_a_value_equals_what_is_written_for_it(result):
    literal = value(canonical(result), module=MODULE, classes=CLASSES, floats=isinstance(result, float))
    assert literal is not None
    assert literal.source.isprintable()
    assert result == made(literal)


def test_what_an_iterator_gives_is_compared_as_a_list():
    literal = value(canonical(x for x in (1, 2)), module=MODULE, classes=CLASSES, floats=False)
    assert (literal.source, literal.taken_from) == ("[1, 2]", "list")


@pytest.mark.parametrize(
    "result", [float("nan"), [float("nan")], {0.5}, {0.5: 1}, "x" * 5000, ...], ids=lambda result: repr(result)[:20]
)
def test_what_cannot_be_compared_has_no_literal(result):
    assert value(canonical(result), module=MODULE, classes=CLASSES, floats=False) is None


def test_what_never_ends_has_no_literal():
    assert value(canonical(x for x in range(2000)), module=MODULE, classes=CLASSES, floats=False) is None


@pytest.mark.parametrize(
    "text",
    ["__import__('os').system('x')", "open('x')", "(lambda: 1)()", "[x for x in y]", "f'{x}'", "other.Point(x=1)",
     "Counter.fromkeys('a')", "x", "a.b.c", "Decimal(open('x'))", "set(**{'a': 1})", "1 +", "iterator([1, ...])",
     "<cycle 1>", "test_literals", "test_literals.Point(**y)"],
)  # fmt: skip
def test_a_text_that_is_no_canonical_form_of_a_value_has_no_literal(text):
    assert value(text, module="test_literals", classes=CLASSES, floats=False) is None


def test_integers_are_compared_as_floats_where_floats_are_announced():
    assert value("2", module="m", classes=CLASSES, floats=True).source == "pytest.approx(2, rel=1e-05)"
    assert value("2", module="m", classes=CLASSES, floats=False).source == "2"
    assert value("True", module="m", classes=CLASSES, floats=True).source == "True"


def test_a_rounded_number_is_known_as_one():
    assert value("0.333333", module="m", classes=CLASSES, floats=False).is_rounded
    assert not value("0.25", module="m", classes=CLASSES, floats=False).is_rounded


def test_attributes_of_a_state_are_told_by_name():
    class Cart:
        def __init__(self):
            self.items = {"a": 1}
            self.open = True

    text = state(Cart()).rpartition("<locals>.")[2]
    assert attributes(text) == {"items": "{'a': 1}", "open": "True"}
    assert attributes("[1, 2]") is None


class Renamed(tuple):
    """What a candidate may define, and name after anything of the user's module."""

    __qualname__ = "dataclasses.replace"
    _fields = ("command",)


def purge(target):
    raise AssertionError("called")


@pytest.mark.parametrize(
    "result",
    [Renamed(("x",)), collections.namedtuple("purge", "target")("x"), dataclasses.make_dataclass("list", "x")(1)],
    ids=lambda result: type(result).__qualname__,
)
def test_a_class_named_after_something_else_has_no_literal(result):
    type(result).__module__ = MODULE
    text = canonical(result)
    assert text.startswith(f"{MODULE}.{type(result).__qualname__}(")
    assert value(text, module=MODULE, classes=CLASSES, floats=False) is None


@pytest.mark.parametrize(
    "text",
    ["m.purge(x=1)", "m.Point.make(x=1)", "m.Outer.__init__(x=1)", "m.Point.__doc__", "m.Color.RED(x=1)",
     "m.Outer.Other(x=1)", "m.Other.RED", "m.purge", "m.Point(__class__=1)", "n.Point(x=1)", "m.list.RED"],
)  # fmt: skip
def test_only_what_the_file_defines_is_called_or_has_members(text):
    assert value(text, module="m", classes=CLASSES, floats=False) is None


@pytest.mark.parametrize(
    "text",
    ["m" + ".a" * 900 + "(x=1)", "m.Point(x=m" + ".a" * 900 + ")", "m" + ".a" * 5000, "-" * 900 + "1",
     hex(1 << 15_900), f"m.Point(x={hex(1 << 15_900)})"],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_what_is_too_deep_or_too_long_to_write_has_no_literal(text):
    assert value(text, module="m", classes=CLASSES, floats=False) is None
    assert attributes(f"m.Outer(x={text})") is None
