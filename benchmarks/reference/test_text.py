"""What slugify and its neighbours must do; no model ever sees this."""

import pytest
from shop.text import initials, slugify, truncate, word_counts


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("", ""),
        ("Bread", "bread"),
        ("A-B", "a-b"),
        ("--A--B--", "a-b"),
        ("Crème brûlée", "cr-me-br-l-e"),
        ("under_score", "under-score"),
        ("tab\tand\nline", "tab-and-line"),
        ("3 for 2", "3-for-2"),
        ("'quoted'", "quoted"),
    ],
)
def test_slugify(title, slug):
    assert slugify(title) == slug


@pytest.mark.parametrize(
    ("name", "letters"),
    [("", ""), ("  ", ""), ("ada", "A"), ("  ada   lovelace ", "AL"), ("a\tb\nc", "ABC"), ("Mary Jane Watson", "MJW")],
)
def test_initials(name, letters):
    assert initials(name) == letters


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("", 3, ""),
        ("abc", 3, "abc"),
        ("abcd", 3, "..."),
        ("abcd", 4, "abcd"),
        ("abcde", 4, "a..."),
        ("hello world", 11, "hello world"),
        ("hello world", 10, "hello w..."),
    ],
)
def test_truncate(text, limit, short):
    assert truncate(text, limit) == short


@pytest.mark.parametrize(("text", "limit"), [("abcdef", 2), ("abcdef", 0), ("abcdef", -1), ("a", 2), ("", 0)])
def test_truncate_refuses_small_limits(text, limit):
    with pytest.raises(ValueError):
        truncate(text, limit)


@pytest.mark.parametrize(
    ("text", "counts"),
    [("", {}), ("  ", {}), ("a", {"a": 1}), ("A a\tB\nb b", {"a": 2, "b": 3}), ("it's it's", {"it's": 2})],
)
def test_word_counts(text, counts):
    assert word_counts(text) == counts
