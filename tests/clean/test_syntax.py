"""The tools for source text that cleaning shares."""

from __future__ import annotations

import sys

import pytest

from pytest_supercharger.clean._syntax import string_rows


@pytest.mark.parametrize(
    ("source", "rows"),
    [
        ("x = 'a'\ny = \"b\"\n", set()),
        ("x = '''a\n  b\n c'''\n", {2, 3}),
        ('def f():\n    """a\n    b"""\n', {3}),
        ("x = 'a\\\n  b'\n", {2}),
        ("x = b'a\\\r\n  b'\n", {2}),
        ("x = rf'''{1\n}'''\n", {2}),
        ("x = (1 +\n     2)\n", set()),
        ("x = 'a\n  y = 1\n", set()),  # a string that nobody closed
    ],
)
def test_rows_that_begin_in_a_string(source, rows):
    assert string_rows(source) == rows


@pytest.mark.parametrize("prefix", ["f", "F", "rf", "fR"])
def test_braces_of_an_f_string_may_go_on(prefix):
    # Before Python 3.12 they may not, and this is no string.
    rows = {2} if sys.version_info >= (3, 12) else set()

    assert string_rows(f"x = {prefix}'{{1 +\n  2}}'\n") == rows
