"""The reader on the test's side is given anything, and makes nothing but what is on the list."""

from __future__ import annotations

import json
from collections import Counter, OrderedDict, defaultdict, deque
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from unittest import mock
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_supercharger.sandbox.inside.split_reader import Reader
from pytest_supercharger.sandbox.inside.split_sides import CandidateSide, TestSide
from pytest_supercharger.sandbox.inside.split_signatures import parameters, signature_from
from pytest_supercharger.sandbox.inside.split_standins import NotEncodable, StandIn
from pytest_supercharger.sandbox.inside.split_values import BASES, LEAVES, MAKE_LEAF, NODES
from pytest_supercharger.sandbox.inside.split_writer import TooLarge, Writer

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = "/nowhere"
LISTED = (*LEAVES, *NODES, *BASES, bool, type(None), slice, BaseException, StandIn, type, type({}.keys()))
LISTED += (type({}.values()), type({}.items()))

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
moments = st.dates() | st.times() | st.datetimes() | st.timedeltas()
others = st.complex_numbers(allow_nan=False) | st.decimals(allow_nan=False) | st.fractions() | st.uuids()
keys = scalars | moments | others
values: st.SearchStrategy[Any] = st.recursive(
    keys,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(keys, inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.sets(keys, max_size=4)
        | st.frozensets(keys, max_size=4)
    ),
    max_leaves=15,
)
TAGS = [*MAKE_LEAF, *(node.tag for node in NODES.values()), "ref", "tuple", "frozenset", "zoned", "slice", "view"]
TAGS += ["named", "held", "enum", "object", "error"]
words = st.sampled_from(["builtins:eval", "builtins:int", "builtins:ValueError", "os:system", "unittest.mock:_ANY"])
words |= st.sampled_from(["keys", "candidate", "test"])
hostile: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 5) | st.floats() | st.text(max_size=5) | words,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.builds(lambda tag, rest: [tag, *rest], st.sampled_from(TAGS), st.lists(inner))
    ),
    max_leaves=20,
)  # fmt: skip


def sides() -> tuple[TestSide, CandidateSide]:
    return TestSide(ROOT), CandidateSide(ROOT)


def across(value: Any) -> Any:
    test, candidate = sides()
    return Reader(candidate).value(json.loads(json.dumps(Writer(test).value(value), allow_nan=False)))


def same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def test_code_that_looks_at_a_function_of_the_test_sees_its_parameters() -> None:
    def plain(a: int, /, b: str, *rest: int, c: int = 3, d: object = Fraction(1), **more: int) -> None: ...

    said = json.loads(json.dumps(parameters(plain)))
    assert str(signature_from(said)) == "(a, /, b, *rest, c=3, d=Ellipsis, **more)"
    assert parameters(3) is None


@given(values)
@settings(max_examples=200, deadline=None)
def test_what_is_said_is_what_is_read(value: Any) -> None:
    assert same(across(value), value)


@pytest.mark.parametrize(
    "value",
    [
        datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=1), "X")),
        datetime(2024, 7, 1, fold=1, tzinfo=ZoneInfo("UTC")),
        [date(1, 1, 1), time(1, tzinfo=timezone.utc), Decimal("NaN").copy_abs().is_nan(), Fraction(-1, 3)],
        [Counter("aab"), OrderedDict(b=1, a=2), defaultdict(list, {1: [2]}), deque([1, 2], 2), bytearray(b"x")],
        [PurePosixPath("a/b"), UUID(int=3), range(3), slice(1, None), ..., NotImplemented, "\ud800", 7**900],
    ],
)  # fmt: skip
def test_the_less_common_types_are_read_too(value: Any) -> None:
    assert same(across(value), value)


def test_a_structure_keeps_its_cycles_and_shared_parts() -> None:
    one: list[Any] = [1]
    one += [one, {"self": one}]
    back = across(one)
    assert back[1] is back
    assert back[2]["self"] is back


@given(hostile)
@settings(max_examples=1500, deadline=None)
def test_hostile_messages_make_nothing_off_the_list(wire: Any) -> None:
    test, _ = sides()
    try:
        value = Reader(test).value(wire)
    except Exception:  # whatever it is: the peer turns it into a run that failed
        return
    assert isinstance(value, LISTED)
    assert not isinstance(value, type) or value.__module__ == "builtins"
    assert value not in (eval, exec, type)


def test_what_the_test_named_can_be_named_again_and_nothing_is_made_of_it() -> None:
    test, candidate = sides()
    wire = Writer(test).value([json.JSONDecodeError, Path])
    assert Reader(test).value(Writer(candidate).value(Reader(candidate).value(wire))) == [json.JSONDecodeError, Path]
    test.reference(mock._ANY)  # type: ignore[attr-defined]
    head = ["unittest.mock:_ANY", None, ["candidate", 0, "object", "x", []]]
    assert isinstance(Reader(test).value(["object", head, [[], None]]), StandIn)


@pytest.mark.parametrize("name", ["builtins:type", "builtins:property", "builtins:eval", "os:_exit", "json:loads", ""])
def test_the_tests_side_finds_no_means_to_build_with(name: str) -> None:
    assert TestSide(ROOT).find(name) is None


def test_a_value_as_deep_or_as_large_as_a_message_may_not_be_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(200):
        deep = [deep]
    test, candidate = sides()
    for value in (deep, [None] * 300_000):
        with pytest.raises(TooLarge):
            Writer(test).value(value)
    wire: Any = None
    for _ in range(200):
        wire = ["list", None, [wire]]
    with pytest.raises(TooLarge):
        Reader(candidate).value(wire)


class Own(str):
    """A class of a test."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


def test_the_candidates_classes_over_builtins_are_sent_as_the_builtin_and_those_of_the_test_are_not() -> None:
    test, candidate = sides()
    assert Writer(candidate).value(Own("a")) == "a"
    with pytest.raises(NotEncodable):
        Writer(test).value(Own("a"))


KINDS = ("module", "open", "object", "own", "type")


@pytest.mark.parametrize("thing", [json, open, object(), Own, print.__class__], ids=KINDS)
def test_the_tests_side_lets_nothing_be_done_with_what_it_did_not_hand_over(thing: Callable[..., Any]) -> None:
    side = TestSide(ROOT)
    for op in ("call", "attr", "set", "special", "next", "wait", "import"):
        with pytest.raises(AttributeError):
            side.permit(op, thing, "name")
