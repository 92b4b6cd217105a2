"""Canonical forms: equal texts mean equal values, in any process, and no value can talk its way in."""

from __future__ import annotations

import decimal
import enum
import fractions
import itertools
import random
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_supercharger.sandbox.inside.canonical import EqualsAnything, Opaque, canonical, float_text

hashable = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.binary(max_size=5)
    | st.dates()
    | st.datetimes()
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.fractions()
    | st.uuids(),
    lambda children: st.tuples(children, children) | st.frozensets(children, max_size=3),
    max_leaves=6,
)
values = st.recursive(
    hashable,
    lambda children: (
        st.lists(children, max_size=3) | st.sets(hashable, max_size=3) | st.dictionaries(hashable, children, max_size=3)
    ),
    max_leaves=10,
)


class AlwaysEqual:
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


class NeverDiffers:
    def __ne__(self, other: object) -> bool:
        return False


class EqualInt(int):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = int.__hash__


class EqualTuple(tuple):
    _fields = ("a",)

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = tuple.__hash__


class EqualColour(enum.Enum):
    RED = 1

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = enum.Enum.__hash__


@given(values, values)
def test_equal_texts_mean_equal_values(left: object, right: object) -> None:
    if canonical(left) == canonical(right):
        assert left == right


@given(st.dictionaries(hashable, st.integers()), st.randoms(use_true_random=False))
def test_the_order_of_dicts_and_sets_does_not_show(value: dict[Any, int], rng: random.Random) -> None:
    items = list(value.items())
    rng.shuffle(items)
    assert canonical(dict(items)) == canonical(value)
    assert canonical({key for key, _ in items}) == canonical(set(value))


@given(st.floats(min_value=-1e9, max_value=1e9))
def test_floats_that_differ_by_rounding_noise_are_the_same(value: float) -> None:
    assert float(float_text(value)) == pytest.approx(value, rel=1e-5)
    assert float_text(float(float_text(value))) == float_text(value)


def test_integers_with_too_many_digits_to_print_are_still_told_apart() -> None:
    assert canonical(1 << 100_000) != canonical((1 << 100_000) + 1)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([1, "a", None], "[1, 'a', None]"),
        ({2: 1.5, 1: (1,)}, "{1: (1,), 2: 1.5}"),
        ({3, 1}, "set({1, 3})"),
        (decimal.Decimal("1.50"), "Decimal('1.50')"),
        (fractions.Fraction(1, 2), "Fraction(1, 2)"),
        (uuid.UUID(int=0), "UUID('00000000-0000-0000-0000-000000000000')"),
    ],
)
def test_texts_read_like_python(value: object, text: str) -> None:
    assert canonical(value) == text


@pytest.mark.parametrize(
    "value",
    [
        AlwaysEqual(),
        NeverDiffers(),
        EqualInt(3),
        EqualTuple((1,)),
        EqualColour.RED,
        [1, [AlwaysEqual()]],
        {1: EqualInt(2)},
    ],
)
def test_a_value_that_equals_anything_is_found_however_deep(value: object) -> None:
    with pytest.raises(EqualsAnything):
        canonical(value)


def test_a_value_that_holds_itself_has_a_finite_text() -> None:
    value: list[object] = [1]
    value.append(value)
    assert canonical(value) == "[1, <cycle 1>]"


def test_a_value_that_is_too_deep_or_too_large_is_opaque() -> None:
    deep: list[object] = []
    for _ in range(1_000):
        deep = [deep]
    for value in (deep, list(range(300_000))):
        with pytest.raises(Opaque):
            canonical(value)


@pytest.mark.parametrize(
    "value",
    [iter([1, 2]), iter((1, 2)), iter({1: 2, 2: 3}), reversed([2, 1]), itertools.starmap(max, [(0, 1), (2, 1)]),
     itertools.islice(itertools.count(1), 2), itertools.takewhile(bool, [1, 2, 0]), itertools.accumulate([1, 1])],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_an_iterator_is_what_it_gives(value: object) -> None:
    assert canonical(value) == "iterator([1, 2])"


def test_an_endless_generator_is_cut() -> None:
    assert canonical(number % 2 for number in itertools.count()).endswith(", 0, 1, ...])")
