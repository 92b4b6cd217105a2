"""Code that is right comes out as it went in, however it is wrapped."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from library import Function, change, functions

FUNCTIONS = list(functions(largest=20_000))


@settings(max_examples=100, deadline=None)
@given(function=st.sampled_from(FUNCTIONS), way=st.sampled_from(["fenced", "bare", "windows"]))
def test_a_function_of_the_standard_library_keeps_its_tree(function: Function, way: str) -> None:
    assert not change(function, way)
