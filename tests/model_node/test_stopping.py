"""Stop strings in text that comes token by token."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from model_node.engine.stopping import StopWatch, cut, decoded


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
