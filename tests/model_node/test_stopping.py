"""Stop strings in text that comes token by token."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from model_node.engine.stopping import StopWatch, cut, decoded, loops


@pytest.fixture(scope="module")
def tokenizer(tiny_folder: Path) -> Any:
    return AutoTokenizer.from_pretrained(tiny_folder)


def hits(tokenizer: Any, text: str, *stops: str) -> str | None:
    """The text at the token where the watch first speaks up."""
    watch, tokens = StopWatch(tokenizer, stops), tokenizer.encode(text)
    for count in range(1, len(tokens) + 1):
        if watch.hit(tokens[:count]):
            return decoded(tokenizer, tokens[:count])
    return None


@given(text=st.text(alphabet="ab\n`é好", max_size=30), stop=st.text(alphabet="ab\n`é好", min_size=1, max_size=4))
@settings(max_examples=200, deadline=None)
def test_a_stop_string_is_seen_at_the_token_that_completes_it(tokenizer: Any, text: str, stop: str) -> None:
    seen = hits(tokenizer, text, stop)
    assert (seen is not None) == (stop in text)
    if seen is not None:
        assert cut(seen, (stop,)) == (text[: text.index(stop)], True)


def test_the_first_of_several_stop_strings_cuts() -> None:
    assert cut("abc###def```", ("```", "###")) == ("abc", True)
    assert cut("abc", ("```",)) == ("abc", False)


def test_no_stop_strings_never_stop(tokenizer: Any) -> None:
    assert hits(tokenizer, "anything\n```") is None


@given(
    start=st.lists(st.integers(0, 9), max_size=200),
    period=st.lists(st.integers(0, 9), min_size=1, max_size=64),
)
@settings(max_examples=100, deadline=None)
def test_what_repeats_for_long_is_a_loop_whatever_came_before(start: list[int], period: list[int]) -> None:
    tokens = start + period * 400
    seen = [count for count in range(len(tokens)) if loops(tokens[:count])]
    assert len(start) < seen[0] + 255  # not before the loop has been long, unless the start had one of its own
    assert seen[0] <= len(start) + max(256, 12 * len(period)) + 16


def test_tables_and_lists_are_no_loops() -> None:
    assert not any(loops([1, 2, 3, *[0] * count]) for count in range(253))
    board = [token for row in range(9) for token in (5, *(6, 7) * 14, 9, 10)]  # an empty board of sudoku
    assert not any(loops(board[:count]) for count in range(len(board)))
    rows = [token for row in range(100) for token in (7, 8, row + 100, 9)]
    assert not any(loops(rows[:count]) for count in range(len(rows)))
