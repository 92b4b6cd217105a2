"""Which stubs need each other."""

from __future__ import annotations

import pytest

from pytest_supercharger.circles import closed, reaches


def test_what_is_needed_through_others_is_reached():
    needs = {"a": {"b"}, "b": {"c"}, "c": set()}
    assert reaches(needs, "a", "c")
    assert not reaches(needs, "c", "a")
    assert not reaches(needs, "a", "a")


@pytest.mark.parametrize(
    ("needs", "circle"),
    [
        ({"a": {"b"}, "b": {"a"}}, "ab"),
        ({"a": {"b"}, "b": {"c"}, "c": {"a"}}, "abc"),
        ({"a": {"b"}, "b": {"a", "c"}, "c": {"b"}}, "abc"),
        ({"a": {"b"}, "b": {"a"}, "d": {"a"}}, "ab"),  # who only needs it is no part of it
        ({"a": {"b"}}, ""),  # b goes on searching
        ({"a": {"b", "c"}, "b": {"a"}}, ""),
        ({"a": {"b"}, "b": {"a", "c"}, "c": {"d"}, "d": {"c"}}, ""),  # first the circle that it needs
        ({"a": {"a"}}, "a"),
    ],
)
def test_a_circle_is_closed_when_all_that_it_needs_is_in_it(needs, circle):
    assert closed(needs, "a") == frozenset(circle)


def test_who_only_needs_a_circle_waits_for_it():
    assert closed({"a": {"b"}, "b": {"a"}, "d": {"a"}}, "d") == frozenset()
